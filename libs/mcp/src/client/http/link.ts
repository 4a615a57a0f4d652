import type { RpcMessage } from '../../jsonrpc.js';
import type { PendingRequest } from '../pending.js';
import type { UpstreamLimits } from '../upstream.js';
import type { Exchange } from './exchange.js';

/** What the parts of an HTTP session need of the whole. */
export interface HttpLink {
  readonly limits: UpstreamLimits;
  readonly sessionId: string | undefined;
  readonly isClosed: boolean;
  /** Whether a stream that breaks off can be taken up again where it was left: not in the modern era. */
  readonly isResumable: boolean;
  /** Hands one exchange to the sockets. */
  dispatch(exchange: Exchange, options: DispatchOptions): void;
  adoptSession(id: string): void;
  /** @param from the request on whose stream the message came */
  deliver(message: RpcMessage, from?: PendingRequest): void;
  warn(text: string): void;
  /** The server has forgotten the session: all that is open is over. */
  expire(): void;
}

export interface DispatchOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** Path and query; default those of the server's URL. */
  readonly path?: string | undefined;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly lastEventId?: string | undefined;
  /** Over the sockets that requests do not use. */
  readonly side?: boolean;
}
