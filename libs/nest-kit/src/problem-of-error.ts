import { HttpException } from '@nestjs/common';
import { STATUS_CODES } from 'node:http';
import { ProblemException, type Problem } from './problem.js';

/** Errors of the ports, by name: an adapter may come with its own copy of the class. */
const STATUS_OF: Readonly<Record<string, number>> = {
  VersionConflictError: 409,
  InvalidCursorError: 400,
  InvalidFilterError: 400,
  CommitTooLargeError: 413,
  StoreUnavailableError: 503,
  BusUnavailableError: 503,
  BusOverloadedError: 503,
  NoConsumerError: 503,
  RequestTimeoutError: 504,
};

const problem = (status: number, detail?: string, extra: object = {}): Problem => ({
  type: 'about:blank',
  title: STATUS_CODES[status] ?? 'Error',
  status,
  ...(detail === undefined ? {} : { detail }),
  ...extra,
});

/** The problem that describes an error to a caller. What the caller cannot act on stays inside: 500 without detail. */
export function problemOfError(error: unknown): Problem {
  if (error instanceof ProblemException) return error.problem;
  if (error instanceof HttpException) return problem(error.getStatus(), error.message);
  if (error instanceof Error) {
    const status = STATUS_OF[error.name];
    if (status !== undefined) return problem(status, error.message, status >= 503 ? { retryable: true } : {});
    // Fastify's own errors (body limit, malformed JSON) carry the status that they mean
    const own = (error as { statusCode?: unknown }).statusCode;
    if (typeof own === 'number' && own >= 400 && own < 500) return problem(own, error.message);
  }
  return problem(500);
}
