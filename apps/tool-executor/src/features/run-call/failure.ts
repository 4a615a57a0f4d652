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
