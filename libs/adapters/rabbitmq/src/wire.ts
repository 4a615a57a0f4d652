import type { OutgoingMessage } from '@signalbox/ports';
import type { Options } from 'amqplib';

/** Content types: of events by the CloudEvents AMQP binding (structured mode), and of everything else. */
export const EVENT_CONTENT = 'application/cloudevents+json; charset=utf-8';
export const JSON_CONTENT = 'application/json';

/** Headers of ours. `traceparent` is the one of W3C Trace Context. */
export const HEADER = {
  traceparent: 'traceparent',
  /** Milliseconds since the epoch; the expiration property is relative, and of the queue only. */
  expiresAt: 'sb-expires-at',
  /** Of messages that were sent again for another attempt. */
  attempt: 'sb-attempt',
  /** Number of a request in its requester. */
  request: 'sb-request',
  /** Place of a part or reply among those of one attempt. */
  sequence: 'sb-sequence',
  letterId: 'sb-letter-id',
  queue: 'sb-queue',
  reason: 'sb-reason',
  attempts: 'sb-attempts',
  time: 'sb-time',
} as const;

export type Headers = Record<string, unknown>;

/** @throws RangeError for a message above `maxBytes` */
export function encodeBody(body: unknown, maxBytes: number): Buffer {
  const content = Buffer.from(body === undefined ? '' : JSON.stringify(body));
  if (content.length > maxBytes) {
    throw new RangeError(`a message has ${content.length} bytes; allowed: ${maxBytes}`);
  }
  return content;
}

/** @throws SyntaxError when it is not JSON */
export function decodeBody(content: Buffer): unknown {
  return content.length === 0 ? undefined : JSON.parse(content.toString());
}

/** @param now milliseconds since the epoch */
export function messageProperties(message: OutgoingMessage, persistent: boolean, now: number): Options.Publish {
  const headers: Headers = {};
  if (message.traceparent !== undefined) headers[HEADER.traceparent] = message.traceparent;
  const properties: Options.Publish & { headers: Headers } = {
    messageId: message.id,
    type: message.type,
    contentType: isCloudEvent(message.body) ? EVENT_CONTENT : JSON_CONTENT,
    deliveryMode: persistent ? 2 : 1,
    headers,
  };
  if (message.correlationId !== undefined) properties.correlationId = message.correlationId;
  if (message.expiresAt !== undefined) {
    headers[HEADER.expiresAt] = message.expiresAt;
    properties.expiration = String(Math.max(1, Math.ceil(message.expiresAt - now)));
  }
  return properties;
}

function isCloudEvent(body: unknown): boolean {
  return typeof body === 'object' && body !== null && (body as { specversion?: unknown }).specversion === '1.0';
}
