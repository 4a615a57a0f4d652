import type { NotificationView } from '@signalbox/domain/notification';
import { Webhook } from 'standardwebhooks';
import { Agent, request, type Dispatcher } from 'undici';
import type { ChannelConfig } from '../notification-config.js';
import { compileBody, type Template } from '../templates.js';
import { ChannelError, type Channel } from './channel.js';
import { checkHost, publicLookup } from './public-lookup.js';
import { webhookPayload } from './webhook-payload.js';

/** Of an answer, so much is read, so that its connection can be used again. */
const MAX_ANSWER_BYTES = 64 * 1024;
const GONE = 410;

/** Posts notifications to a URL, signed as Standard Webhooks 1.0 says. Redirects are not followed. */
export class WebhookChannel implements Channel {
  readonly #agent: Agent;
  readonly #signers: readonly Webhook[];
  readonly #body: Template | undefined;
  readonly #url: URL;

  constructor(
    private readonly config: ChannelConfig,
    private readonly userAgent: string,
  ) {
    const { url, secret = [], body, allowPrivate, timeoutMs: timeout, parallel } = config;
    this.#url = new URL(url!);
    this.#signers = [secret].flat().map((key) => new Webhook(key));
    this.#body = body === undefined ? undefined : compileBody(body);
    const connect = { timeout, ...(allowPrivate ? {} : { lookup: publicLookup }) };
    this.#agent = new Agent({ connect, connections: parallel, headersTimeout: timeout, bodyTimeout: timeout });
  }

  async send(notification: NotificationView, signal: AbortSignal): Promise<string> {
    if (!this.config.allowPrivate) checkHost(this.#url.hostname);
    const payload = webhookPayload(notification, this.#body);
    const answer = await request(this.#url, {
      method: 'POST',
      dispatcher: this.#agent,
      signal,
      headers: { ...this.config.headers, ...this.#headers(notification.notification, payload, new Date()) },
      body: payload,
    });
    await answer.body.dump({ limit: MAX_ANSWER_BYTES, signal });
    const { statusCode } = answer;
    if (statusCode >= 200 && statusCode < 300) return String(statusCode);
    throw refused(answer);
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  /** The id is the same in each try, the time and with it the signature is not. */
  #headers(id: string, payload: string, now: Date): Record<string, string> {
    const signatures = this.#signers.map((signer) => signer.sign(id, now, payload));
    return {
      'content-type': 'application/json',
      'user-agent': this.userAgent,
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      ...(signatures.length > 0 && { 'webhook-signature': signatures.join(' ') }),
    };
  }
}

function refused({ statusCode, headers }: Dispatcher.ResponseData): ChannelError {
  if (statusCode >= 300 && statusCode < 400)
    return new ChannelError(`answered ${statusCode}; redirects are not followed`);
  return new ChannelError(`answered ${statusCode}`, retryAfterMs(headers['retry-after']), statusCode === GONE);
}

function retryAfterMs(value: string | string[] | undefined): number | undefined {
  if (typeof value !== 'string') return undefined;
  const seconds = /^\d{1,6}$/.test(value.trim()) ? Number(value) : (Date.parse(value) - Date.now()) / 1_000;
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1_000) : undefined;
}
