/** An HTTP answer that refuses a request for want of a token, or of a scope in it. */
export interface Challenge {
  /** 401, or 403 with the error `insufficient_scope`. */
  readonly status: number;
  /** The header `WWW-Authenticate`. */
  readonly header: string | undefined;
  /** The value of `Authorization` that was refused; undefined when there was none. */
  readonly refused: string | undefined;
}

/** Gets the tokens of one server. Shared by all connections with it. */
export interface Authorizer {
  /** The value of the header `Authorization`, where one is at hand. */
  header(): string | undefined;
  /**
   * Gets another token, for everybody who asks at the same time.
   * @throws AuthorizationError when there is none to be had
   */
  answer(challenge: Challenge): Promise<void>;
}
