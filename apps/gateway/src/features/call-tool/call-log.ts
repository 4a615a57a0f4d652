import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { createEvent, PassingList, pinnedStream, traceFields, type NewEvent } from '@signalbox/contracts';
import { InjectBlobs, InjectContext, InjectEventLog, type ServiceContext } from '@signalbox/nest-kit';
import { ClaimConflictError, type BlobStore } from '@signalbox/ports';
import { EventLog, PayloadStore, Redactor } from '@signalbox/runtime';
import type { Caller } from '../../caller.js';
import type { GatewayConfig } from '../../config.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import type { ToolEntry } from '../catalogue/catalogue-view.js';

const FIRST_ATTEMPT = 1;
/** Requests on their way to the log that nobody waits for; further ones are waited for. */
const MAX_QUEUED = 1_000;

export interface RequestedCall {
  readonly callId: string;
  readonly entry: ToolEntry;
  readonly calledAs: string;
  readonly arguments: unknown;
  readonly caller: Caller;
  /** Milliseconds since the epoch. */
  readonly requestedAt: number;
  readonly deadline: number;
  readonly traceparent: string;
  /** The suites that it has come through; undefined where it begins here. */
  readonly suites?: readonly string[] | undefined;
  /** Upper bound of the size of the arguments' JSON text. */
  readonly bytes: number;
}

/** Writes the gateway's part of the story of a call: that it was requested, and how it ended when nobody ever ran it. */
@Injectable()
export class CallLog implements OnApplicationShutdown {
  readonly #queued = new PassingList<Promise<void>>();
  readonly #redactor: Redactor;
  readonly #payloads: PayloadStore;
  readonly #inlineBytes: number;

  constructor(
    @InjectEventLog() private readonly log: EventLog,
    @InjectBlobs() blobs: BlobStore,
    @InjectContext() private readonly context: ServiceContext,
    @InjectGatewayConfig() config: GatewayConfig,
  ) {
    this.#redactor = new Redactor(config.redaction);
    this.#inlineBytes = config.calls.inlineBytes;
    this.#payloads = new PayloadStore(blobs, { inlineBytes: this.#inlineBytes });
  }

  /**
   * Resolves when the call may go to an executor: whatever that appends is not stored before the request is.
   * @returns `stored`, which resolves when the log has the request; for a tool whose calls need not wait, at once
   * @throws StoreUnavailableError (so does `stored`) when it is not certain that the log has it
   */
  async requested(call: RequestedCall): Promise<{ readonly stored: Promise<unknown> }> {
    const { callId } = call;
    const made = this.#requestedEvent(call);
    const event = made instanceof Promise ? await made : made;
    const isQueued = this.#mayQueue(call);
    const append = this.#append(call, [event], `${callId}.requested`, 0, undefined, isQueued);
    if (!isQueued) {
      // the store's order makes the executor's start wait for the request, in the same group commit
      if (!this.log.storesInOrder) await append;
      else append.catch(() => undefined);
      return { stored: append };
    }
    this.#queue(call, append);
    return { stored: Promise.resolve() };
  }

  /**
   * Writes a whole call that the gateway has answered by itself, in one commit; no executor can run it.
   * Resolves at once for a tool whose calls need not wait for the log.
   * @throws StoreUnavailableError when it is not certain that the log has it
   */
  async answered(call: RequestedCall, result: unknown, durationMs: () => number): Promise<void> {
    const { callId, entry } = call;
    const clean = this.#redactor.redact(result, { server: entry.server, tool: entry.name, part: 'result' });
    const [requested, stored] = await Promise.all([this.#requestedEvent(call), this.#payloads.store(clean)]);
    const completed = createEvent('tool.call.completed', {
      callId,
      attempt: FIRST_ATTEMPT,
      result: stored,
      isError: false,
      durationMs: durationMs(),
    });
    const isQueued = this.#mayQueue(call);
    const append = this.#append(call, [requested, completed], `${callId}.requested`, 0, claimsOf(callId), isQueued);
    if (!isQueued) await append;
    else this.#queue(call, append);
  }

  /** Resolves when nothing is on its way to the log any more. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.#queued.all());
  }

  /**
   * Ends a call that no executor has claimed, by claiming it.
   * @returns false when an executor has it, which then records the outcome
   */
  async endUnclaimed(call: RequestedCall, event: NewEvent): Promise<boolean> {
    const { callId } = call;
    try {
      await this.#append(call, [event], `${callId}.${FIRST_ATTEMPT}.outcome`, 'any', claimsOf(callId));
      return true;
    } catch (error) {
      if (error instanceof ClaimConflictError) return false;
      throw error;
    }
  }

  /** At once, unless the arguments have to be stored. */
  #requestedEvent(call: RequestedCall): NewEvent | Promise<NewEvent> {
    const { server, name: tool } = call.entry;
    const clean = this.#redactor.redact(call.arguments ?? {}, { server, tool, part: 'arguments' });
    // a forged blob reference is larger than this, so that storing is never skipped for one
    if (call.bytes < 128) return requestedEvent(call, clean);
    return this.#payloads.store(clean).then((stored) => requestedEvent(call, stored));
  }

  #mayQueue({ entry }: RequestedCall): boolean {
    return entry.queued && this.#queued.size < MAX_QUEUED;
  }

  /** Lets an append go on that nobody waits for. */
  #queue({ callId, traceparent }: RequestedCall, append: Promise<unknown>): void {
    const settled: Promise<void> = append
      .catch((error: unknown) =>
        this.context.logger?.error({ err: error, callId, ...traceFields(traceparent) }, 'a request is not in the log'),
      )
      .then(() => void this.#queued.remove(place));
    const place = this.#queued.add(settled);
  }

  #append(
    { callId, traceparent }: RequestedCall,
    events: readonly NewEvent[],
    commitId: string,
    expectedVersion: number | 'any',
    claims?: readonly string[],
    isQueued = false,
  ): Promise<unknown> {
    const request = {
      stream: pinnedStream('call', this.context.instanceId, callId),
      expectedVersion,
      events,
      commitId,
      ...(claims ? { claims } : {}),
      metadata: { correlationId: callId, traceparent },
    };
    // what nobody waits for goes on meanwhile: a log that is away gets it later
    return isQueued ? this.log.keep(request) : this.log.append(request);
  }
}

type Requested = NewEvent<'tool.call.requested'>['data'];

const claimsOf = (callId: string): string[] => [`attempt:${callId}:${FIRST_ATTEMPT}`];

function requestedEvent(call: RequestedCall, args: unknown): NewEvent {
  const { callId, entry, caller, suites } = call;
  const { principal, sessionId, info } = caller.client;
  const { definitionHash } = entry;
  const data: { -readonly [K in keyof Requested]: Requested[K] } = {
    callId,
    server: entry.server,
    tool: entry.name,
    calledAs: call.calledAs,
    safetyClass: entry.safetyClass,
    arguments: args,
    principal,
    via: caller.via,
    deadline: new Date(call.deadline).toISOString(),
  };
  if (definitionHash !== undefined) data.definitionHash = definitionHash;
  if (suites !== undefined) data.suites = [...suites];
  if (sessionId !== undefined) data.sessionId = sessionId;
  if (info !== undefined) data.client = info;
  return createEvent('tool.call.requested', data);
}
