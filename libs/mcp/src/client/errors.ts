/** The connection is gone, or was never there. `sent` is false only when the server cannot have seen the request. */
export class UpstreamClosedError extends Error {
  override readonly name = 'UpstreamClosedError';
  constructor(
    message: string,
    readonly sent: boolean,
  ) {
    super(message);
  }
}

/** The server answered, but not with MCP: an HTTP status without a JSON-RPC message, or something unreadable. */
export class UpstreamProtocolError extends Error {
  override readonly name: string = 'UpstreamProtocolError';
  constructor(
    message: string,
    readonly status?: number,
  ) {
    super(message);
  }
}

/** The deadline passed before the answer came; the server has been told that nobody waits any more. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/** The caller gave up; the server has been told. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
}

/** The server wants a token, and there is none to be had, or not without a human. The request has not been done. */
export class AuthorizationError extends UpstreamProtocolError {
  constructor(message: string) {
    super(message, 401);
  }
}
