import type { EventType, RecordedEvent, ServiceName } from '@signalbox/contracts';
import {
  CommitTooLargeError,
  MAX_EVENTS_PER_COMMIT,
  type AppendRequest,
  type AppendResult,
  type CommitMetadata,
  type EventStore,
  type Span,
  type Tracer,
} from '@signalbox/ports';
import { Appender } from './append/appender.js';
import { checkEvent, EventRejectedError } from './event-check.js';
import { upcast } from './upcast.js';
import { RUNTIME_LIMITS } from './limits.js';
import { startAppendSpan } from './tracing/append-span.js';
import { failSpan } from './tracing/fail-span.js';

export interface EventLogOptions {
  /** Whose events may be appended through this log. */
  readonly service: ServiceName;
  /** The service instance that appends, as in `gateway-1`. */
  readonly actor: string;
  /** Further tries, with the same commitId, when the store does not say whether a commit is stored. Default 3. */
  readonly retries?: number;
  /** How long somebody waits for an append, tries included, milliseconds. Default 2000. */
  readonly timeoutMs?: number;
  /** Commits that {@link EventLog.keep} may have in memory while the store is away. Default 10 000. */
  readonly maxKept?: number;
  /** Characters of their events' JSON text. Default 64 Mi. */
  readonly maxKeptBytes?: number;
  /** Claim keys of one append. Default 16. */
  readonly maxClaims?: number;
  /** Appends of commits that have a traceparent are spans of this tracer; their commits have the span's traceparent. */
  readonly tracer?: Tracer;
}

/** An append request as a service writes it: the log knows the actor. */
export type LogAppendRequest = Omit<AppendRequest, 'metadata'> & { readonly metadata: Omit<CommitMetadata, 'actor'> };

const MAX_ID_LENGTH = { stream: 200, commitId: 128, claim: 200 } as const;

/** The checked way into the event log: schema, version and owner of each event are verified before it is appended. */
export class EventLog {
  private readonly appender: Appender;

  constructor(
    private readonly store: EventStore,
    private readonly options: EventLogOptions,
  ) {
    const { retries, timeoutMs, maxKept, maxKeptBytes } = RUNTIME_LIMITS.append;
    this.appender = new Appender(store, {
      retries: options.retries ?? retries,
      timeoutMs: options.timeoutMs ?? timeoutMs,
      maxKept: options.maxKept ?? maxKept,
      maxKeptBytes: options.maxKeptBytes ?? maxKeptBytes,
    });
  }

  /** Commits in memory, which a store that is away has not taken yet. */
  get kept(): number {
    return this.appender.kept;
  }

  /** See {@link EventStore.storesInOrder}. */
  get storesInOrder(): boolean {
    return this.store.storesInOrder === true;
  }

  /**
   * Appends one commit of something that may as well not happen.
   * @throws EventRejectedError for an event that its schema or its ownership forbids, or a malformed request
   * @throws CommitTooLargeError, VersionConflictError, ClaimConflictError as {@link EventStore.append}
   * @throws StoreUnavailableError when the store did not say in time what became of it: the outcome is unknown
   */
  append(request: LogAppendRequest): Promise<AppendResult> {
    return this.traced(request, (checked) => this.appender.append(checked));
  }

  /**
   * Appends one commit of something that has happened: while the store is away it is kept, in memory, and resolves when it
   * is stored. Later commits of its stream go behind it. Who cannot wait for so long uses {@link inTime}.
   * @throws as {@link append}, but StoreUnavailableError only when too much is kept already
   */
  keep(request: LogAppendRequest): Promise<AppendResult> {
    return this.traced(request, (checked) => this.appender.keep(checked));
  }

  /** Waits for a kept append as long as {@link append} does; it goes on afterwards. @throws StoreUnavailableError */
  inTime<T>(kept: Promise<T>): Promise<T> {
    return this.appender.inTime(kept);
  }

  /** Not an async function: each of these layers would cost every call some promises and turns of the microtask queue. */
  private traced(
    request: LogAppendRequest,
    append: (checked: AppendRequest) => Promise<AppendResult>,
  ): Promise<AppendResult> {
    try {
      const checked = this.check(request);
      const span = startAppendSpan(this.options.tracer, this.store, request);
      return span ? this.spanned(checked, span, append) : append(checked);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  private async spanned(
    checked: AppendRequest,
    span: Span,
    append: (checked: AppendRequest) => Promise<AppendResult>,
  ): Promise<AppendResult> {
    try {
      return await append({ ...checked, metadata: { ...checked.metadata, traceparent: span.traceparent } });
    } catch (error) {
      failSpan(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  /** The request as the store takes it. @throws EventRejectedError, CommitTooLargeError */
  private check(request: LogAppendRequest): AppendRequest {
    const { service, actor } = this.options;
    this.checkBounds(request);
    const { correlationId, causationId, traceparent } = request.metadata;
    const events = request.events.map((event) => checkEvent(event, service));
    return {
      stream: request.stream,
      expectedVersion: request.expectedVersion,
      events,
      commitId: request.commitId,
      claims: request.claims,
      metadata: { actor, correlationId, causationId, traceparent },
    };
  }

  /** Events of one stream, oldest first, in the newest version of their schemas. */
  async readStream<T extends EventType = EventType>(
    stream: string,
    options?: { fromVersion?: number; limit?: number },
  ): Promise<RecordedEvent<T>[]> {
    const events = await this.store.readStream(stream, options);
    return events.map((event) => upcast(event) as RecordedEvent<T>);
  }

  private checkBounds({ stream, commitId, claims, events }: LogAppendRequest): void {
    const { maxClaims = RUNTIME_LIMITS.append.maxClaims } = this.options;
    const first = events[0]?.type ?? '(none)';
    if (events.length === 0) throw new EventRejectedError(first, 'a commit needs at least one event');
    if (events.length > MAX_EVENTS_PER_COMMIT) throw new CommitTooLargeError(`${events.length} events`);
    checkId(first, 'stream', stream, MAX_ID_LENGTH.stream);
    checkId(first, 'commitId', commitId, MAX_ID_LENGTH.commitId);
    if (claims === undefined) return;
    if (claims.length > maxClaims) {
      throw new EventRejectedError(first, `${claims.length} claims; at most ${maxClaims} are allowed`);
    }
    for (const claim of claims) checkId(first, 'claim', claim, MAX_ID_LENGTH.claim);
  }
}

function checkId(type: string, what: string, id: string, max: number): void {
  if (id.length === 0 || id.length > max) {
    throw new EventRejectedError(type, `${what} has ${id.length} characters; 1 to ${max} are allowed`);
  }
}
