import type { ExecuteReply, RecordedEvent, RpcError } from '@signalbox/contracts';
import type { PayloadStore } from './payload-store.js';

/** In the `_meta` of a result, or the data of an error, that comes from the log. */
export const REPLAYED = 'io.signalbox/replayed';

/** JSON-RPC codes, as MCP's SDKs have them. */
const CONNECTION_CLOSED = -32000;
const REQUEST_TIMEOUT = -32001;

type OutcomeEvent = RecordedEvent<
  'tool.call.completed' | 'tool.call.failed' | 'tool.call.cancelled' | 'tool.call.expired' | 'tool.call.outcome_unknown'
>;

/**
 * The reply that an outcome in the log stands for, marked as replayed. A result is as the log has it: what was redacted
 * before it was written stays redacted.
 */
export async function recordedReply(event: OutcomeEvent, payloads: PayloadStore): Promise<ExecuteReply> {
  switch (event.type) {
    case 'tool.call.completed': {
      const result = (await payloads.load(event.data.result)) as { readonly _meta?: object } | null;
      return { ok: true, result: { ...result, _meta: { ...result?._meta, [REPLAYED]: true } } };
    }
    case 'tool.call.failed': {
      const { error, retryable } = event.data;
      const data = await payloads.load(error.data);
      return refusal({ code: error.code, message: error.message, ...(data === undefined ? {} : { data }) }, retryable);
    }
    case 'tool.call.cancelled':
      return refusal({ code: CONNECTION_CLOSED, message: `cancelled: ${event.data.reason ?? 'no reason given'}` });
    case 'tool.call.expired':
      return refusal({ code: REQUEST_TIMEOUT, message: `the deadline passed at ${event.data.deadline}` });
    case 'tool.call.outcome_unknown':
      return refusal({
        code: CONNECTION_CLOSED,
        message: `the outcome of call ${event.data.callId} is unknown: ${event.data.reason}; it is not run again`,
        data: { outcome: 'unknown' },
      });
  }
}

function refusal(error: RpcError, retryable = false): ExecuteReply {
  const known = typeof error.data === 'object' && error.data !== null ? error.data : { detail: error.data };
  return { ok: false, error: { ...error, data: { ...known, [REPLAYED]: true } }, retryable };
}
