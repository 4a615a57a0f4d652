import type { RpcError } from '@signalbox/contracts';
import type { ServerResponse } from 'node:http';
import {
  ErrorCode,
  failureText,
  notificationText,
  requestText,
  rpcError,
  successText,
  type Params,
  type RequestId,
  type RpcOutcome,
} from '../jsonrpc.js';
import type { Accepted } from './content-negotiation.js';
import type { EventStream } from './event-stream.js';
import type { ClientChannel, Outcome, QuestionPlace } from './method-router.js';

/** A request that is in the log as a call. */
export interface RecordedRequest {
  readonly callId: string;
  readonly params: Params;
}

/** What an exchange needs of the session it belongs to. */
export interface ExchangeHost {
  /** A new stream of the session, for the answer to a request. */
  openStream(exchange: PostExchange): EventStream;
  /** Registers a question to the client. @returns the id to send it under, or why it cannot be asked */
  ask(
    method: string,
    params: object | undefined,
    exchange: PostExchange,
    answer: (outcome: RpcOutcome) => void,
  ): { readonly id: RequestId } | { readonly error: RpcError };
  /** Forgets the questions of a request that is done. @returns the ids of those that the client has not answered */
  exchangeDone(exchange: PostExchange): readonly RequestId[];
}

/**
 * One POSTed request and its answer: `application/json` when the result is the first thing there is to say, else a stream of
 * events that begins with the first notification or question and ends with the result.
 */
export class PostExchange implements ClientChannel {
  #stream: EventStream | undefined;
  #done = false;
  #cancelled: { reason: string | undefined } | undefined;
  #cancelListener: ((reason: string | undefined) => void) | undefined;
  #recorded: RecordedRequest | undefined;
  /** Under which id the client knows a question, by the executor's name for it. */
  #asked: Map<string, RequestId> | undefined;
  /** Questions that the client has been told not to answer. */
  #takenBack: Set<RequestId> | undefined;

  constructor(
    readonly id: RequestId,
    private readonly response: ServerResponse,
    private readonly host: ExchangeHost,
    private readonly accepted: Accepted,
    /** Milliseconds since the epoch. */
    readonly startedAt: number,
  ) {}

  get done(): boolean {
    return this.#done;
  }

  /** Turns the answer into a stream, so that a connection that breaks can be resumed. */
  upgrade(): EventStream | undefined {
    // a connection that is gone left before there was an id to come back with
    if (this.#stream || this.#done || !this.accepted.stream || this.response.destroyed) return this.#stream;
    this.#stream = this.host.openStream(this);
    this.#stream.open(this.response);
    return this.#stream;
  }

  /** The same for a request that has nothing to say yet, if the client has said that it reads streams. */
  upgradeEarly(): void {
    if (this.accepted.streamNamed) this.upgrade();
  }

  notify(method: string, params: object | undefined): void {
    if (method === 'notifications/cancelled') return this.#takeBack(params);
    if (!this.#done) this.upgrade()?.send(notificationText(method, params), progressMark(method, params));
  }

  /** The server no longer wants a question answered: the client is told by the id that it knows. */
  #takeBack(params: object | undefined): void {
    const name = String((params as { readonly requestId?: unknown } | undefined)?.requestId);
    const requestId = this.#asked?.get(name);
    if (requestId === undefined || this.#done) return;
    this.#asked!.delete(name);
    (this.#takenBack ??= new Set()).add(requestId);
    this.upgrade()?.send(notificationText('notifications/cancelled', { ...params, requestId }));
  }

  recordedAs(callId: string, params: Params): void {
    this.#recorded = { callId, params };
  }

  /** Undefined for a request that is not in the log. */
  get recorded(): RecordedRequest | undefined {
    return this.#recorded;
  }

  ask(method: string, params: object | undefined, place?: QuestionPlace): Promise<RpcOutcome> {
    return new Promise((resolve) => {
      if (this.#done) return resolve(refusal('the request is over'));
      if (!this.accepted.stream) return resolve(refusal('the client does not accept text/event-stream'));
      const stream = this.upgrade();
      if (!stream) return resolve(refusal('the client has closed the connection'));
      const asked = this.host.ask(method, params, this, resolve);
      if ('error' in asked) return resolve({ error: asked.error });
      if (place) (this.#asked ??= new Map()).set(place.id, asked.id);
      stream.send(requestText(asked.id, method, params));
    });
  }

  onCancelled(listener: (reason: string | undefined) => void): void {
    if (this.#cancelled) listener(this.#cancelled.reason);
    else this.#cancelListener = listener;
  }

  /** Answers, unless the request was taken back. */
  finish(outcome: Outcome): void {
    if (this.#done) return;
    this.#done = true;
    const unanswered = this.host.exchangeDone(this);
    // before the result: what comes behind it no client reads
    for (const requestId of unanswered) {
      if (this.#takenBack?.has(requestId)) continue;
      this.#stream?.send(notificationText('notifications/cancelled', { requestId, reason: 'the request is over' }));
    }
    const text = outcomeText(this.id, outcome);
    if (this.#stream) this.#stream.end(text);
    else if (this.accepted.json) sendJson(this.response, 200, text);
    else if (!this.response.destroyed) {
      const stream = this.host.openStream(this);
      stream.open(this.response);
      stream.end(text);
    }
  }

  /**
   * Breaks the connection of an answer that can be had at another gateway: the request goes on without this one.
   * @returns false when it cannot be had there
   */
  leave(): boolean {
    if (this.#done || !this.#stream || !this.#recorded) return false;
    this.#done = true;
    this.host.exchangeDone(this);
    this.#stream.end();
    return true;
  }

  /** The client took the request back: it gets no answer (MCP 2025-11-25, cancellation). */
  cancel(reason: string | undefined): void {
    if (this.#done) return;
    this.#done = true;
    this.host.exchangeDone(this);
    if (this.#stream) this.#stream.end();
    else if (!this.response.headersSent) this.response.writeHead(202).end();
    this.#cancelled = { reason };
    this.#cancelListener?.(reason);
  }
}

/** Mark of an event of a request's stream: how much progress had been told when it was sent. */
function progressMark(method: string, params: object | undefined): string | undefined {
  if (method !== 'notifications/progress') return undefined;
  const { progress } = params as { readonly progress?: unknown };
  return typeof progress === 'number' ? `p${progress}` : undefined;
}

/** JSON text of the response that an outcome makes. */
export function outcomeText(id: RequestId, outcome: Outcome): string {
  if ('resultText' in outcome) {
    return `{"jsonrpc":"2.0","id":${typeof id === 'number' ? id : JSON.stringify(id)},"result":${outcome.resultText}}`;
  }
  return 'error' in outcome ? failureText(id, outcome.error) : successText(id, outcome.result);
}

/** Answers with JSON text, in one write. */
export function sendJson(
  response: ServerResponse,
  status: number,
  text: string,
  headers?: Record<string, string>,
): void {
  if (response.headersSent || response.destroyed) return;
  const length = Buffer.byteLength(text);
  if (headers) response.writeHead(status, { 'content-type': 'application/json', 'content-length': length, ...headers });
  else response.writeHead(status, ['content-type', 'application/json', 'content-length', String(length)]);
  response.end(text);
}

function refusal(why: string): RpcOutcome {
  return { error: rpcError(ErrorCode.MethodNotFound, `The client cannot be asked: ${why}`) };
}
