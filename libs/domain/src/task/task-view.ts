import type { RecordedEvent } from '@signalbox/contracts';
import { evolveAnswer, finalOutcome, NO_ANSWER, type CallAnswer, type CallOutcomeEvent } from '../call/index.js';

type InputRequested = RecordedEvent<'task.input_requested'>;

/** A task, as the events of its call tell it. */
export interface TaskView {
  readonly created: RecordedEvent<'task.created'> | undefined;
  readonly answer: CallAnswer;
  /** What the server waits for, by its key, in the order in which it was asked. */
  readonly inputs: ReadonlyMap<string, InputRequested>;
  /** Keys of questions that need no answer any more. */
  readonly closed: ReadonlySet<string>;
  readonly progress: RecordedEvent<'tool.call.progressed'> | undefined;
  readonly failed: RecordedEvent<'task.failed'> | undefined;
  /** Its time to live is over. */
  readonly expired: boolean;
  /** RFC 3339: when something last happened. */
  readonly updatedAt: string;
}

export const NO_TASK: TaskView = {
  created: undefined,
  answer: NO_ANSWER,
  inputs: new Map(),
  closed: new Set(),
  progress: undefined,
  failed: undefined,
  expired: false,
  updatedAt: '',
};

/** The task after one more event, in any order that keeps each partition's own. */
export function evolveTask(task: TaskView, event: RecordedEvent): TaskView {
  const at = event.time > task.updatedAt ? event.time : task.updatedAt;
  const view = { ...task, updatedAt: at };
  switch (event.type) {
    case 'task.created':
      return { ...view, created: event };
    case 'task.input_requested': {
      const { key } = event.data;
      return task.closed.has(key) ? view : { ...view, inputs: new Map(task.inputs).set(key, event) };
    }
    case 'task.input_closed':
      return {
        ...view,
        inputs: without(task.inputs, event.data.key),
        closed: new Set(task.closed).add(event.data.key),
      };
    case 'task.failed':
      return { ...view, failed: event };
    case 'task.expired':
      return { ...view, expired: true };
    case 'tool.call.progressed':
      return { ...view, progress: event };
    case 'tool.call.started': {
      const answer = evolveAnswer(task.answer, event);
      const isAgain = event.data.attempt > 1 && answer.newestAttempt > task.answer.newestAttempt;
      return { ...view, answer, inputs: isAgain ? askedSince(task.inputs, event.time) : task.inputs };
    }
    default: {
      const answer = evolveAnswer(task.answer, event);
      return answer === task.answer ? task : { ...view, answer };
    }
  }
}

/** What an attempt before had asked, nobody waits for any more. */
function askedSince(inputs: TaskView['inputs'], time: string): TaskView['inputs'] {
  return new Map([...inputs].filter(([, input]) => input.time >= time));
}

function without(inputs: TaskView['inputs'], key: string): TaskView['inputs'] {
  const left = new Map(inputs);
  left.delete(key);
  return left;
}

/** What a task is at a moment (MCP Tasks extension: task status). */
export type TaskState =
  | { readonly status: 'working' | 'input_required' }
  | { readonly status: 'completed' | 'cancelled' | 'failed'; readonly outcome: CallOutcomeEvent }
  | {
      readonly status: 'failed';
      readonly outcome: undefined;
      readonly error: { code: number; message: string; data?: unknown };
    };

export interface TaskPatience {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** How long another attempt may take to follow one that was lost. */
  readonly lostCallMs: number;
  /** How long after its deadline an outcome is waited for. */
  readonly overdueMs: number;
}

/** JSON-RPC code of a request that took too long, as MCP's SDKs have it. */
const REQUEST_TIMEOUT = -32001;

export function taskState(task: TaskView, { now, lostCallMs, overdueMs }: TaskPatience): TaskState {
  const outcome = finalOutcome(task.answer, now, lostCallMs);
  if (outcome) {
    if (outcome.type === 'tool.call.completed') return { status: 'completed', outcome };
    return { status: outcome.type === 'tool.call.cancelled' ? 'cancelled' : 'failed', outcome };
  }
  if (task.failed) return { status: 'failed', outcome: undefined, error: task.failed.data.error };
  const { deadline } = task.created!.data;
  if (now > Date.parse(deadline) + overdueMs) {
    const message = `The deadline of the task passed at ${deadline}, and the log has no outcome of its call`;
    return { status: 'failed', outcome: undefined, error: { code: REQUEST_TIMEOUT, message } };
  }
  return { status: task.inputs.size > 0 ? 'input_required' : 'working' };
}

/** @returns milliseconds since the epoch after which the task is no longer there */
export function taskExpiry({ created }: TaskView): number {
  return created ? Date.parse(created.time) + created.data.ttlMs : 0;
}
