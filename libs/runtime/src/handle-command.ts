import type { EventType, NewEvent, RecordedEvent } from '@signalbox/contracts';
import { VersionConflictError, type AppendResult } from '@signalbox/ports';
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Backoff } from './backoff.js';
import type { EventLog, LogAppendRequest } from './event-log.js';
import { RUNTIME_LIMITS } from './limits.js';

/** The shape of a `Decider` of `@signalbox/domain/decider`. */
export interface CommandDecider<State, Command, Event extends NewEvent = NewEvent> {
  readonly initial: State;
  evolve(state: State, event: Event): State;
  /** @throws a refusal when the command is not allowed in this state */
  decide(command: Command, state: State): readonly Event[];
}

export interface CommandRequest<State, Command, Event extends NewEvent> {
  readonly decider: CommandDecider<State, Command, Event>;
  readonly stream: string;
  readonly command: Command;
  readonly commitId: string;
  readonly metadata: LogAppendRequest['metadata'];
  readonly claims?: readonly string[];
  /** State and version to start from instead of the stream's beginning. */
  readonly snapshot?: { readonly state: State; readonly version: number };
  /** Tries in all, when others append to the stream meanwhile. Default 5. */
  readonly maxTries?: number;
}

export interface CommandOutcome<State, Event> {
  /** The stream's state after the command. */
  readonly state: State;
  readonly version: number;
  /** What the command led to; empty when it changed nothing. */
  readonly events: readonly Event[];
  /** Absent when nothing was appended. */
  readonly appended?: AppendResult;
}

/**
 * Loads a stream, folds it, decides, and appends what was decided; starts again when another append was first.
 * @throws the decider's refusal
 * @throws VersionConflictError when it lost every try
 * @throws whatever {@link EventLog.append} throws
 */
export async function handleCommand<State, Command, Event extends NewEvent>(
  deps: { readonly log: EventLog },
  request: CommandRequest<State, Command, Event>,
): Promise<CommandOutcome<State, Event>> {
  const {
    decider,
    stream,
    command,
    commitId,
    metadata,
    claims,
    snapshot,
    maxTries = RUNTIME_LIMITS.command.maxTries,
  } = request;
  const backoff = new Backoff({ minMs: 2, maxMs: 100 });
  for (let attempt = 1; ; attempt++) {
    const before = await load(deps.log, stream, decider, snapshot);
    const events = decider.decide(command, before.state);
    if (events.length === 0) return { ...before, events };
    try {
      const appended = await deps.log.append({
        stream,
        expectedVersion: before.version,
        events,
        commitId,
        claims,
        metadata,
      });
      if (appended.replayed) return { ...(await load(deps.log, stream, decider, snapshot)), events, appended };
      const state = events.reduce((current, event) => decider.evolve(current, event), before.state);
      return { state, version: appended.lastVersion, events, appended };
    } catch (error) {
      if (!(error instanceof VersionConflictError) || attempt >= maxTries) throw error;
      await delay(backoff.next());
    }
  }
}

async function load<State, Event extends NewEvent>(
  log: EventLog,
  stream: string,
  decider: CommandDecider<State, never, Event>,
  snapshot: { readonly state: State; readonly version: number } | undefined,
): Promise<{ state: State; version: number }> {
  const from = snapshot ?? { state: decider.initial, version: 0 };
  const recorded: RecordedEvent<EventType>[] = await log.readStream(stream, { fromVersion: from.version + 1 });
  const state = recorded.reduce((current, event) => decider.evolve(current, event as unknown as Event), from.state);
  return { state, version: recorded.at(-1)?.streamVersion ?? from.version };
}

/** The commitId of what a handler appends because of an event: a redelivered event changes nothing (DESIGN section 3). */
export function effectCommitId(handler: string, eventId: string): string {
  return createHash('sha256').update(`${handler}|${eventId}`).digest('hex');
}
