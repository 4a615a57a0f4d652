import { newId, newTraceparent, parseTraceparent } from '@signalbox/contracts';

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
    // the request's own span, or its caller's where no spans are kept
    traceparent: typeof traceparent === 'string' && parseTraceparent(traceparent) ? traceparent : newTraceparent(),
  };
}
