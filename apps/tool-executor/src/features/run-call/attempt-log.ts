import {
  createEvent,
  pinnedStream,
  type ExecuteCommand,
  type NewEvent,
  type RecordedEvent,
} from '@signalbox/contracts';
import { attemptDecider, type AttemptCommand, type AttemptEvent, type AttemptState } from '@signalbox/domain/call';
import { StoreUnavailableError, VersionConflictError, type AppendResult } from '@signalbox/ports';
import { Backoff, type EventLog } from '@signalbox/runtime';
import { setTimeout as delay } from 'node:timers/promises';

export type Call = NonNullable<ExecuteCommand['call']>;

export interface AttemptLogOptions {
  /** Whose partition the attempt is written to. */
  readonly executor: string;
  readonly traceparent: string;
  /** Names this run of the attempt: a redelivered command must meet the claim of the first, not repeat its commit. */
  readonly run: string;
  /** Least time between two progress events, in milliseconds. */
  readonly progressGapMs: number;
  /** Called with every append that nobody waits for. */
  background(append: Promise<unknown>): void;
}

interface Progress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

/** A command as the runner gives it: the log adds whose it is. */
type Bare<C> = C extends AttemptCommand ? Omit<C, 'callId' | 'attempt'> : never;
export type Outcome = Bare<Extract<AttemptCommand, { durationMs: number }>>;

const MAX_CONFLICTS = 5;
/** About five minutes. */
const MAX_READS = 300;

/**
 * Writes one attempt's events: its start with the claim, its progress at a bounded rate, its outcome. Each at its version
 * of the stream, so that an executor that was taken for lost cannot write on where another has ended its attempt.
 */
export class AttemptLog {
  #version = 0;
  #start: AttemptEvent[] = [];
  #state: AttemptState = attemptDecider.initial;
  #progressAt = -Infinity;
  #unwritten: Progress | undefined;

  constructor(
    private readonly log: EventLog,
    private readonly call: Call,
    private readonly options: AttemptLogOptions,
  ) {}

  /**
   * @param isHedge it runs beside the attempt before it
   * @param isQueued the call does not wait for it: a log that is away gets it later
   * @throws ClaimConflictError when another executor, or the gateway, has the attempt
   * @throws StoreUnavailableError when the log does not answer in time
   */
  started(server: string, waitedMs: number, isQueued = false, isHedge = false): Promise<AppendResult> {
    const { executor } = this.options;
    this.#start = this.#decide({
      kind: 'start',
      server,
      tool: this.call.tool,
      executor,
      waitedMs,
      ...(isHedge ? { hedge: true } : {}),
    });
    return this.#append('started', this.#start, true, isQueued);
  }

  /** Writes progress unless the last was written a moment ago; the newest that was held back goes with the outcome. */
  progressed(progress: Progress): void {
    if (this.#state.phase !== 'running') return;
    const now = performance.now();
    if (now - this.#progressAt < this.options.progressGapMs) {
      this.#unwritten = progress;
      return;
    }
    this.#progressAt = now;
    this.#unwritten = undefined;
    const name = `progress.${Math.round(now * 1000)}`;
    this.options.background(this.#append(name, this.#decide({ kind: 'progress', ...progress }), false, false));
  }

  /**
   * Also claims the attempt when it was never started, so that nobody else runs it. Resolves when the log has it, which may
   * have been away meanwhile; see {@link inTime}.
   * @throws VersionConflictError when the attempt was ended by another; the result is then recorded as a late one
   */
  async ended(outcome: Outcome): Promise<AppendResult> {
    const isFirst = this.#state.phase === 'new';
    const events: AttemptEvent[] = [];
    if (this.#unwritten && !isFirst) events.push(...this.#decide({ kind: 'progress', ...this.#unwritten }));
    events.push(...this.#decide(outcome));
    try {
      return await this.#append('outcome', events, isFirst);
    } catch (error) {
      if (isFirst || !(error instanceof VersionConflictError)) throw error;
      return this.#endedAfter(error, events, outcome);
    }
  }

  /** Waits for the log as long as a call does. @throws StoreUnavailableError when it is away; the append goes on */
  inTime<T>(append: Promise<T>): Promise<T> {
    return this.log.inTime(append);
  }

  /** Either another has ended the attempt, or an event of ours before this one did not get into the log. */
  async #endedAfter(conflict: VersionConflictError, events: AttemptEvent[], outcome: Outcome): Promise<AppendResult> {
    for (let tries = 0; tries < MAX_CONFLICTS; tries++) {
      const stored = await this.#stored();
      const { phase } = stored.reduce<AttemptState>(
        (state, event) => attemptDecider.evolve(state, event as AttemptEvent),
        attemptDecider.initial,
      );
      if (phase === 'ended') {
        await this.#late(outcome);
        throw conflict;
      }
      this.#version = stored.at(-1)?.streamVersion ?? 0;
      const isFirst = phase === 'new';
      try {
        return await this.#append('outcome', isFirst ? [...this.#start, ...events] : events, isFirst);
      } catch (error) {
        if (!(error instanceof VersionConflictError)) throw error;
      }
    }
    throw conflict;
  }

  /** The attempt's events, from a log that may be away for a while. */
  async #stored(): Promise<readonly RecordedEvent[]> {
    const backoff = new Backoff({ minMs: 50, maxMs: 1000 });
    for (;;) {
      try {
        return await this.log.readStream(this.#stream);
      } catch (error) {
        if (!(error instanceof StoreUnavailableError) || backoff.count >= MAX_READS) throw error;
        await delay(backoff.next());
      }
    }
  }

  async #late(outcome: Outcome): Promise<void> {
    if (outcome.kind !== 'complete' && outcome.kind !== 'fail') return;
    const { callId, attempt } = this.call;
    const { durationMs } = outcome;
    const answer =
      outcome.kind === 'complete' ? { result: outcome.result, isError: outcome.isError } : { error: outcome.error };
    const event = createEvent('tool.call.late_result', { callId, attempt, ...answer, durationMs });
    await this.#write(`${this.#stream}.late`, 0, [event], `${callId}.${attempt}.late.${this.options.run}`);
  }

  #decide(command: Bare<AttemptCommand>): AttemptEvent[] {
    const { callId, attempt } = this.call;
    const events = attemptDecider.decide({ ...command, callId, attempt } as AttemptCommand, this.#state);
    for (const event of events) this.#state = attemptDecider.evolve(this.#state, event);
    return [...events];
  }

  get #stream(): string {
    const { callId, attempt } = this.call;
    return pinnedStream('attempt', this.options.executor, `${callId}.${attempt}`);
  }

  #append(name: string, events: readonly AttemptEvent[], isFirst: boolean, isKept = true): Promise<AppendResult> {
    const { callId, attempt } = this.call;
    const expected = isFirst ? 0 : this.#version;
    this.#version = expected + events.length;
    const commitId = `${callId}.${attempt}.${name}${isFirst ? `.${this.options.run}` : ''}`;
    return this.#write(
      this.#stream,
      expected,
      events,
      commitId,
      isFirst ? [`attempt:${callId}:${attempt}`] : undefined,
      isKept,
    );
  }

  #write(
    stream: string,
    expectedVersion: number,
    events: readonly NewEvent[],
    commitId: string,
    claims?: readonly string[],
    isKept = true,
  ): Promise<AppendResult> {
    const { callId } = this.call;
    const request = {
      stream,
      expectedVersion,
      events,
      commitId,
      ...(claims ? { claims } : {}),
      metadata: {
        correlationId: callId,
        causationId: `${callId}.requested`,
        traceparent: this.options.traceparent,
      },
    };
    return isKept ? this.log.keep(request) : this.log.append(request);
  }
}
