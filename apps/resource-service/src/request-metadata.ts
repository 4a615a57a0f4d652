import { childTraceparent, newId } from '@signalbox/contracts';

const CORRELATION_ID = /^[A-Za-z0-9._~-]{1,128}$/;

export interface RequestMetadata {
  readonly correlationId: string;
  readonly traceparent: string;
}

/** Ties what a request appends to its trace, and to the correlation id that it came with or a new one. */
export function metadataOf(headers: Readonly<Record<string, unknown>>): RequestMetadata {
  const correlationId = headers['x-correlation-id'];
  const traceparent = headers['traceparent'];
  return {
    correlationId: typeof correlationId === 'string' && CORRELATION_ID.test(correlationId) ? correlationId : newId(),
    traceparent: childTraceparent(typeof traceparent === 'string' ? traceparent : undefined),
  };
}
