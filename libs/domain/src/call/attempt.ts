import { createEvent, type NewEvent, type RpcError } from '@signalbox/contracts';
import { Refusal, type Decider } from '../decider/index.js';

/** One attempt at a tool call: at most one start, at most one outcome. */
export type AttemptState =
  | { readonly phase: 'new' }
  | { readonly phase: 'running'; readonly callId: string; readonly attempt: number }
  | {
      readonly phase: 'ended';
      readonly callId: string;
      readonly attempt: number;
      readonly outcome: AttemptOutcome;
      /** False when it ended before anything was sent upstream. */
      readonly started: boolean;
    };

export type AttemptOutcome = 'completed' | 'failed' | 'cancelled' | 'expired' | 'outcome_unknown';

interface OfAttempt {
  readonly callId: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
}
interface Ending extends OfAttempt {
  /** Milliseconds since the attempt began, or since the call was requested when it never began. */
  readonly durationMs: number;
}

export type AttemptCommand =
  | (OfAttempt & {
      readonly kind: 'start';
      readonly server: string;
      readonly tool: string;
      readonly executor: string;
      readonly waitedMs: number;
      /** It runs beside the attempt before it. */
      readonly hedge?: true;
    })
  | (OfAttempt & {
      readonly kind: 'progress';
      readonly progress: number;
      readonly total?: number;
      readonly message?: string;
    })
  | (Ending & { readonly kind: 'complete'; readonly result: unknown; readonly isError: boolean })
  | (Ending & { readonly kind: 'fail'; readonly error: RpcError; readonly retryable: boolean })
  | (Ending & {
      readonly kind: 'cancel';
      readonly reason?: string;
      /** The attempt beside it that answered first. */
      readonly overtakenBy?: number;
    })
  | (Ending & { readonly kind: 'expire'; /** RFC 3339. */ readonly deadline: string })
  | (Ending & { readonly kind: 'lose'; /** Why nobody knows what happened. */ readonly reason: string });

export type AttemptEvent = NewEvent<
  | 'tool.call.started'
  | 'tool.call.progressed'
  | 'tool.call.completed'
  | 'tool.call.failed'
  | 'tool.call.cancelled'
  | 'tool.call.expired'
  | 'tool.call.outcome_unknown'
>;

export type AttemptRefusal = 'already-started' | 'already-ended' | 'not-started' | 'wrong-attempt';

/**
 * Decides what may be written into an attempt's stream. Only a running attempt makes progress, completes, or is lost;
 * one that nobody has started may still fail, be cancelled or expire. After an outcome nothing happens any more.
 */
export const attemptDecider: Decider<AttemptState, AttemptCommand, AttemptEvent> = {
  initial: { phase: 'new' },

  evolve(state, event) {
    const { callId, attempt } = event.data;
    switch (event.type) {
      case 'tool.call.started':
        return { phase: 'running', callId, attempt };
      case 'tool.call.progressed':
        return state;
      default:
        return { phase: 'ended', callId, attempt, outcome: outcomeOf(event.type), started: state.phase !== 'new' };
    }
  },

  decide(command, state) {
    refuseOtherAttempt(command, state);
    if (state.phase === 'ended') {
      throw refusal(command, 'already-ended', `cannot ${command.kind}: it has ended as ${state.outcome}`);
    }
    if (command.kind === 'start' && state.phase === 'running') {
      throw refusal(command, 'already-started', 'cannot start: it is running already');
    }
    if (NEEDS_START.has(command.kind) && state.phase === 'new') {
      throw refusal(command, 'not-started', `cannot ${command.kind}: it has not been started`);
    }
    return [eventOf(command)];
  },
};

const NEEDS_START: ReadonlySet<AttemptCommand['kind']> = new Set(['progress', 'complete', 'lose']);

function refuseOtherAttempt(command: AttemptCommand, state: AttemptState): void {
  if (state.phase === 'new') return;
  if (state.callId !== command.callId || state.attempt !== command.attempt) {
    throw refusal(command, 'wrong-attempt', `this is the stream of attempt ${state.attempt} of call ${state.callId}`);
  }
}

function refusal({ callId, attempt }: AttemptCommand, code: AttemptRefusal, why: string): Refusal<AttemptRefusal> {
  return new Refusal(code, `attempt ${attempt} of call ${callId}: ${why}`, { callId, attempt });
}

function eventOf(command: AttemptCommand): AttemptEvent {
  const { callId, attempt } = command;
  switch (command.kind) {
    // the two that every call has; field by field costs a fraction of a copy without one field
    case 'start': {
      const { server, tool, executor, waitedMs, hedge } = command;
      const started = { callId, attempt, server, tool, executor, waitedMs };
      return createEvent('tool.call.started', hedge === undefined ? started : { ...started, hedge });
    }
    case 'complete': {
      const { result, isError, durationMs } = command;
      return createEvent('tool.call.completed', { callId, attempt, result, isError, durationMs });
    }
    default: {
      const { kind, ...data } = command;
      // each kind's fields are those of its event, which the compiler cannot see through the rest pattern
      return createEvent(EVENT_OF[kind], data as never) as AttemptEvent;
    }
  }
}

const EVENT_OF = {
  progress: 'tool.call.progressed',
  fail: 'tool.call.failed',
  cancel: 'tool.call.cancelled',
  expire: 'tool.call.expired',
  lose: 'tool.call.outcome_unknown',
} as const satisfies Record<Exclude<AttemptCommand['kind'], 'start' | 'complete'>, AttemptEvent['type']>;

function outcomeOf(type: Exclude<AttemptEvent['type'], 'tool.call.started' | 'tool.call.progressed'>): AttemptOutcome {
  return type.slice('tool.call.'.length) as AttemptOutcome;
}
