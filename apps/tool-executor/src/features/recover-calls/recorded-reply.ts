import type { ExecuteReply, RpcError } from '@signalbox/contracts';
import { ErrorCode, rpcError } from '@signalbox/mcp';
import type { PayloadStore } from '@signalbox/runtime';
import type { OutcomeEvent } from './attempt-records.js';

export const REPLAYED = 'io.signalbox/replayed';

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
      return refusal(rpcError(error.code, error.message, data), retryable);
    }
    case 'tool.call.cancelled':
      return refusal(rpcError(ErrorCode.ConnectionClosed, `cancelled: ${event.data.reason ?? 'no reason given'}`));
    case 'tool.call.expired':
      return refusal(rpcError(ErrorCode.RequestTimeout, `the deadline passed at ${event.data.deadline}`));
    case 'tool.call.outcome_unknown':
      return refusal(
        rpcError(
          ErrorCode.ConnectionClosed,
          `the outcome of call ${event.data.callId} is unknown: ${event.data.reason}; it is not run again`,
          { outcome: 'unknown' },
        ),
      );
  }
}

function refusal(error: RpcError, retryable = false): ExecuteReply {
  const known = typeof error.data === 'object' && error.data !== null ? error.data : { detail: error.data };
  return { ok: false, error: { ...error, data: { ...known, [REPLAYED]: true } }, retryable };
}
