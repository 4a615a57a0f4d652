/** A server takes no calls now: it was stopped, drained, quarantined or removed. Nothing was sent to it. */
export class ServerClosedError extends Error {
  override readonly name = 'ServerClosedError';
  /**
   * @param reason what follows the server's name, as in `is quarantined by ada: leaks files`
   * @param retryable whether the same call may succeed before long
   */
  constructor(
    server: string,
    reason: string,
    readonly retryable: boolean,
  ) {
    super(`upstream server "${server}" ${reason}`);
  }
}
