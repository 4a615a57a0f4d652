/** Consul did not answer, or refused. */
export class ConsulError extends Error {
  /** Of the answer; undefined when there was none. */
  readonly status: number | undefined;
  /** As of Node's errors: `ECONNREFUSED`. */
  readonly code: string | undefined;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;

  constructor(cause: unknown) {
    const { statusCode: status, code } = cause as { statusCode?: number; code?: string };
    const message = cause instanceof Error ? cause.message : String(cause);
    // its cause is not kept: it holds the whole response, with sockets and tokens
    super(status === undefined ? `Consul does not answer: ${message}` : `Consul answers ${status}: ${message}`);
    this.name = 'ConsulError';
    this.status = status;
    this.retryable = status === undefined || status >= 500 || status === 429;
    this.code = code;
  }
}
