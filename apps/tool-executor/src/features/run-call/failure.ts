import type { RpcError, SafetyClass } from '@signalbox/contracts';
import {
  CancelledError,
  DeadlineError,
  ErrorCode,
  rpcError,
  UpstreamClosedError,
  UpstreamProtocolError,
} from '@signalbox/mcp';
import { ServerClosedError } from '../connections/server-closed-error.js';
import { PoolClosedError, PoolExhaustedError } from '../pools/slot.js';

/** What an error on the way to a server, or back, means for the request. */
export type Failure =
  | { readonly kind: 'cancelled'; readonly error: RpcError; readonly retryable: false }
  | { readonly kind: 'expired'; readonly error: RpcError; readonly retryable: false }
  /** The server may have done what was asked, or not. */
  | { readonly kind: 'lost'; readonly error: RpcError; readonly retryable: boolean }
  | { readonly kind: 'failed'; readonly error: RpcError; readonly retryable: boolean };

/** The code of the gateway for an event log or a bus that is away. */
const BACKEND_UNAVAILABLE = -32012;

/** Nothing was sent, because the log did not take the start of the call. */
export const LOG_AWAY: Failure = {
  kind: 'failed',
  error: rpcError(BACKEND_UNAVAILABLE, 'The event log is not available; try again later'),
  retryable: true,
};

/** The call has run, and the log does not have its outcome yet. */
export const UNRECORDED: RpcError = rpcError(
  BACKEND_UNAVAILABLE,
  'The tool has run, but the event log is not available: the outcome will be recorded when it is back',
  { retryable: false },
);

/** @param safetyClass of the tool; a request that is no tool call changes nothing, so it is `read` */
export function failureOf(cause: unknown, server: string, safetyClass: SafetyClass): Failure {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof CancelledError) {
    return {
      kind: 'cancelled',
      error: rpcError(ErrorCode.ConnectionClosed, `cancelled: ${message}`),
      retryable: false,
    };
  }
  if (cause instanceof DeadlineError) {
    return { kind: 'expired', error: rpcError(ErrorCode.RequestTimeout, message), retryable: false };
  }
  if (cause instanceof UpstreamClosedError) {
    const error = rpcError(ErrorCode.ConnectionClosed, `upstream server "${server}": ${message}`);
    if (cause.sent) return { kind: 'lost', error, retryable: safetyClass !== 'unsafe' };
    return { kind: 'failed', error, retryable: true };
  }
  if (cause instanceof PoolExhaustedError || cause instanceof PoolClosedError) {
    const error = rpcError(ErrorCode.ConnectionClosed, `upstream server "${server}" is busy: ${message}`);
    return { kind: 'failed', error, retryable: true };
  }
  if (cause instanceof ServerClosedError) {
    return { kind: 'failed', error: rpcError(ErrorCode.ConnectionClosed, message), retryable: cause.retryable };
  }
  if (cause instanceof UpstreamProtocolError) {
    return {
      kind: 'failed',
      error: rpcError(ErrorCode.InternalError, `upstream server "${server}": ${message}`),
      retryable: false,
    };
  }
  return { kind: 'failed', error: rpcError(ErrorCode.InternalError, message), retryable: false };
}
