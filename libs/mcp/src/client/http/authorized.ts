import type { Dispatcher } from 'undici';
import type { Authorizer } from './authorizer.js';
import type { Exchange } from './exchange.js';

type Headers = Record<string, string | string[] | undefined>;

/** New tokens for one request: a refused one, and one with the scopes that turn out to be missing, and once more. */
const MAX_ROUNDS = 3;

/**
 * Stands between an exchange and its socket: where the server refuses it for want of a token, it gets one and sends again.
 * What was refused has not been done, so that this is no repetition.
 */
export class Authorized implements Dispatcher.DispatchHandler {
  #round = 0;
  #sentWith: string | undefined;
  #challenge: { status: number; header: string | undefined } | undefined;

  constructor(
    private readonly inner: Exchange,
    private readonly authorizer: Authorizer,
    /** @param authorization value of the header, if there is one */
    private readonly dispatch: (handler: Dispatcher.DispatchHandler, authorization: string | undefined) => void,
  ) {}

  send(): void {
    this.#challenge = undefined;
    this.inner.sent = false;
    this.#sentWith = this.authorizer.header();
    this.dispatch(this, this.#sentWith);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.inner.onRequestStart(controller);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    const header = first(headers['www-authenticate']);
    const isRefused = status === 401 || (status === 403 && /\berror="?insufficient_scope\b/.test(header ?? ''));
    if (isRefused && ++this.#round <= MAX_ROUNDS) this.#challenge = { status, header };
    else this.inner.onResponseStart(controller, status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#challenge) this.inner.onResponseData(controller, chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const challenge = this.#challenge;
    if (!challenge) return this.inner.onResponseEnd();
    this.authorizer.answer({ ...challenge, refused: this.#sentWith }).then(
      () => this.send(),
      (error: Error) => this.inner.onResponseError(controller, error),
    );
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.inner.onResponseError(controller, error);
  }
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
