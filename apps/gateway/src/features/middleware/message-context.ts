import type { McpRequest } from '@signalbox/mcp';
import type { MessageContext } from '@signalbox/middleware';
import type { Caller } from '../../caller.js';

const NO_HEADERS = {};

/** What middleware sees of a client's request beside the message. Middleware of our own sees the request itself. */
export class ClientMessageContext implements MessageContext {
  readonly at = 'gateway';

  constructor(
    readonly request: McpRequest<Caller>,
    readonly direction: MessageContext['direction'] = 'to-server',
  ) {}

  get principal(): string {
    return this.request.caller.client.principal;
  }

  get sessionId(): string | undefined {
    return this.request.caller.client.sessionId;
  }

  get server(): string | undefined {
    return this.request.caller.scope;
  }

  get headers(): MessageContext['headers'] {
    return this.request.headers ?? NO_HEADERS;
  }
}

/** Of what no request of a client is behind. */
export function pushContext(server: string | undefined, sessionId: string | undefined): MessageContext {
  return {
    at: 'gateway',
    direction: 'to-client',
    principal: undefined,
    sessionId,
    server,
    headers: NO_HEADERS,
  };
}

/** Where a client's message came in that no method of the router is for. */
export interface MessageSource {
  readonly principal: string;
  readonly sessionId?: string | undefined;
  /** The one server of `/servers/:server/mcp`. */
  readonly scope: string | undefined;
  readonly headers: MessageContext['headers'];
}

export function clientContext({ principal, sessionId, scope, headers }: MessageSource): MessageContext {
  return { at: 'gateway', direction: 'to-server', principal, sessionId, server: scope, headers };
}
