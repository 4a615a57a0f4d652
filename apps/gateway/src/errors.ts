import type { RpcError } from '@signalbox/contracts';
import { ErrorCode, rpcError } from '@signalbox/mcp';
import {
  BusOverloadedError,
  BusUnavailableError,
  NoConsumerError,
  RequestTimeoutError,
  StoreUnavailableError,
} from '@signalbox/ports';

/** The gateway's own JSON-RPC error codes, in the range that JSON-RPC 2.0 leaves to servers. */
export const GatewayCode = {
  /** The upstream server, or everyone who could reach it, is away. */
  ServerUnavailable: -32010,
  Overloaded: -32011,
  /** The event log or the bus does not answer. */
  BackendUnavailable: -32012,
  /** The gateway is shutting down. */
  ShuttingDown: -32013,
  /** The request has come through this suite already, or through too many. */
  Loop: -32014,
} as const;

/**
 * What a failure of the way to the upstream server is to the client. Anything unexpected is an internal error without details.
 * @param unexpected hears of such an error, for the operator
 */
export function rpcErrorOf(error: unknown, server: string, unexpected: (error: unknown) => void): RpcError {
  if (error instanceof NoConsumerError) return serverUnavailable(server, 'no executor is connected to it');
  if (error instanceof BusOverloadedError) {
    return rpcError(GatewayCode.Overloaded, `Server "${server}" has too many requests waiting; try again later`, {
      retryable: true,
      server,
    });
  }
  if (error instanceof RequestTimeoutError) {
    return rpcError(ErrorCode.RequestTimeout, `Server "${server}" did not answer before the deadline`, {
      retryable: false,
      server,
    });
  }
  if (error instanceof StoreUnavailableError || error instanceof BusUnavailableError) return backendUnavailable();
  unexpected(error);
  return rpcError(ErrorCode.InternalError, 'Internal error');
}

export function serverUnavailable(server: string, why: string): RpcError {
  return rpcError(GatewayCode.ServerUnavailable, `Server "${server}" is not available: ${why}; try again later`, {
    retryable: true,
    server,
  });
}

export function backendUnavailable(): RpcError {
  return rpcError(
    GatewayCode.BackendUnavailable,
    'The event log or the message bus is not available; try again later',
    {
      retryable: true,
    },
  );
}

/** Whether the data of an error says that the same request may succeed later. */
export function saysRetryable({ data }: RpcError): boolean {
  return typeof data === 'object' && data !== null && 'retryable' in data && data.retryable === true;
}

/** The same error with more in its data; what is given here counts where its data had the same key. */
export function withData(error: RpcError, more: Readonly<Record<string, unknown>>): RpcError {
  const { data } = error;
  if (data === undefined) return { ...error, data: more };
  // data of another form belongs to the server that sent it
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return error;
  return { ...error, data: { ...data, ...more } };
}

/** The same error with the id of its call in its data, where the server that sent it has no `callId` of its own there. */
export function errorWithCallId(error: RpcError, callId: string): RpcError {
  const { data } = error;
  const hasOne = typeof data === 'object' && data !== null && 'callId' in data;
  return hasOne ? error : withData(error, { callId });
}
