import type { ClientContext, RpcError } from '@signalbox/contracts';

/** Something beyond lists and resources that a client listens to, on its stream of `subscriptions/listen`. */
export interface ExtendedListen {
  /**
   * Begins.
   * @param send brings a notification to the client, which hears of it after the acknowledgement
   * @returns what of the filter is served, as it stands in the acknowledgement
   */
  begin(send: (method: string, params: object) => void): Promise<object>;
  end(): void;
}

/** An extension of MCP that adds to what can be listened to. */
export interface ListenExtension {
  /** @param notifications what the client asked for @returns undefined when nothing of it is the extension's */
  listen(
    client: Omit<ClientContext, 'gateway' | 'sessionId'>,
    notifications: object,
  ): ExtendedListen | { readonly error: RpcError } | undefined;
}
