import type { ServerResponse } from 'node:http';
import { notificationText, type RequestId } from '../jsonrpc.js';
import { AnswerStream, type AnswerStreamOptions } from './answer-stream.js';
import type { Accepted } from './content-negotiation.js';
import type { Outcome } from './method-router.js';
import { sendJson } from './post-exchange.js';

/** A JSON-RPC response as text, with the HTTP status that it has when it is the whole answer. */
export interface WireAnswer {
  readonly status: number;
  readonly text: string;
}

export interface StatelessTurnOptions extends AnswerStreamOptions {
  readonly id: RequestId;
  readonly accepted: Accepted;
  /** Under which the request wants to hear of progress. */
  readonly progressToken: string | number | undefined;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** What an outcome is on the wire. */
  readonly answer: (outcome: Outcome) => WireAnswer;
}

/**
 * One POSTed request of MCP 2026-07-28 and its answer: `application/json` when the result is the first thing there is to
 * say, else events that begin with the first notification. A client that closes the connection takes the request back.
 */
export class StatelessTurn {
  readonly startedAt: number;
  #stream: AnswerStream | undefined;
  #done = false;
  #listener: ((answered: boolean) => void) | undefined;

  constructor(
    private readonly response: ServerResponse,
    private readonly options: StatelessTurnOptions,
  ) {
    this.startedAt = options.startedAt;
  }

  get id(): RequestId {
    return this.options.id;
  }

  get progressToken(): string | number | undefined {
    return this.options.progressToken;
  }

  /** Whether it was answered, or its connection is closed. */
  get done(): boolean {
    return this.#done;
  }

  /** Hears once when the turn is over: answered, or taken back by closing the connection. One listener. */
  onDone(listener: (answered: boolean) => void): void {
    if (this.#done) return listener(true);
    this.#listener = listener;
    if (this.response.destroyed) this.#settle(false);
    else this.response.once('close', () => this.#settle(false));
  }

  /** Makes the answer a stream that is kept alive, if the client has said that it reads streams. */
  upgradeEarly(): void {
    if (!this.#done && this.options.accepted.streamNamed) this.#upgrade();
  }

  notify(method: string, params: object | undefined): void {
    if (!this.#done) this.#upgrade()?.send(notificationText(method, params));
  }

  finish(outcome: Outcome): void {
    if (this.#done) return;
    const { status, text } = this.options.answer(outcome);
    if (this.#stream) this.#stream.end(text);
    else if (this.options.accepted.json) sendJson(this.response, status, text);
    else if (!this.response.destroyed) new AnswerStream(this.response, this.options).end(text);
    this.#settle(true);
  }

  #settle(answered: boolean): void {
    if (this.#done) return;
    this.#done = true;
    this.#listener?.(answered);
  }

  #upgrade(): AnswerStream | undefined {
    if (this.#stream || !this.options.accepted.stream || this.response.destroyed) return this.#stream;
    this.#stream = new AnswerStream(this.response, this.options);
    return this.#stream;
  }
}
