import type { EventType, RecordedEvent, ServiceName } from '@signalbox/contracts';
import {
  CommitTooLargeError,
  MAX_EVENTS_PER_COMMIT,
  StoreUnavailableError,
  type AppendRequest,
  type AppendResult,
  type CommitMetadata,
  type EventStore,
  type Tracer,
} from '@signalbox/ports';
import { setTimeout as delay } from 'node:timers/promises';
import { Backoff } from './backoff.js';
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
  constructor(
    private readonly store: EventStore,
    private readonly options: EventLogOptions,
  ) {}

  /** See {@link EventStore.storesInOrder}. */
  get storesInOrder(): boolean {
    return this.store.storesInOrder === true;
  }

  /**
   * Appends one commit.
   * @throws EventRejectedError for an event that its schema or its ownership forbids, or a malformed request
   * @throws CommitTooLargeError, VersionConflictError, ClaimConflictError as {@link EventStore.append}
   * @throws StoreUnavailableError when the store stays silent through all retries: the outcome is unknown
   */
  async append(request: LogAppendRequest): Promise<AppendResult> {
    const { service, actor, tracer } = this.options;
    this.checkBounds(request);
    const { correlationId, causationId, traceparent } = request.metadata;
    const events = request.events.map((event) => checkEvent(event, service));
    const span = startAppendSpan(tracer, this.store, request);
    const checked: AppendRequest = {
      stream: request.stream,
      expectedVersion: request.expectedVersion,
      events,
      commitId: request.commitId,
      claims: request.claims,
      metadata: { actor, correlationId, causationId, traceparent: span ? span.traceparent : traceparent },
    };
    if (!span) return this.appendChecked(checked);
    try {
      return await this.appendChecked(checked);
    } catch (error) {
      failSpan(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  private async appendChecked(checked: AppendRequest): Promise<AppendResult> {
    const { retries = RUNTIME_LIMITS.append.retries } = this.options;
    const backoff = new Backoff({ minMs: 20, maxMs: 1000 });
    for (;;) {
      try {
        return await this.store.append(checked);
      } catch (error) {
        if (!(error instanceof StoreUnavailableError) || backoff.count >= retries) throw error;
        await delay(backoff.next());
      }
    }
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
