import type { RpcError } from '@signalbox/contracts';
import { ErrorCode } from '@signalbox/mcp';
import { ProblemException } from '@signalbox/nest-kit';
import { GatewayCode, saysRetryable } from '../../errors.js';

/** Statuses of failures of our own, and of those of an upstream server that say something about the request. */
const STATUSES: Readonly<Record<number, { status: number; title: string }>> = {
  [GatewayCode.ServerUnavailable]: { status: 503, title: 'Server unavailable' },
  [GatewayCode.Overloaded]: { status: 503, title: 'Overloaded' },
  [GatewayCode.BackendUnavailable]: { status: 503, title: 'Service unavailable' },
  [ErrorCode.RequestTimeout]: { status: 504, title: 'The tool did not answer in time' },
  [ErrorCode.InvalidParams]: { status: 400, title: 'The tool refused the arguments' },
};

const UNAVAILABLE = { status: 503, title: 'Server unavailable' };
const FAILED = { status: 502, title: 'The tool call failed' };

/** The problem that a call without a result is; it has no id when middleware answered it. The JSON-RPC error stands in it as `error`. */
export function callProblem(callId: string | undefined, error: RpcError): ProblemException {
  const { status, title } = STATUSES[error.code] ?? (saysRetryable(error) ? UNAVAILABLE : FAILED);
  return new ProblemException(status, title, {
    detail: error.message,
    callId,
    ...(saysRetryable(error) ? { retryable: true } : {}),
    error,
  });
}
