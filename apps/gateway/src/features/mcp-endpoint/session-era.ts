import { Injectable } from '@nestjs/common';
import { rpcError, type Params, type RpcResponse } from '@signalbox/mcp';
import { GatewayCode } from '../../errors.js';
import { UpstreamForwarder } from '../forward/upstream-forwarder.js';
import { ClientNotifications } from './client-notifications.js';
import { ExchangeRunner } from './exchange-runner.js';
import type { IncomingPost } from './incoming.js';
import { Initializer } from './initializer.js';
import { refuse } from './refuse.js';
import { SessionFinder } from './session-finder.js';
import type { Session } from './session.js';

/** POST of an endpoint with sessions: the revisions from 2024-11-05 to 2025-11-25. */
@Injectable()
export class SessionEra {
  constructor(
    private readonly finder: SessionFinder,
    private readonly initializer: Initializer,
    private readonly runner: ExchangeRunner,
    private readonly forwarder: UpstreamForwarder,
    private readonly notifications: ClientNotifications,
  ) {}

  async post(incoming: IncomingPost): Promise<void> {
    const { message, request, response } = incoming;
    if (this.runner.draining && message.kind === 'request') {
      const error = rpcError(GatewayCode.ShuttingDown, 'The gateway is shutting down', { retryable: true });
      return refuse(response, 503, error, message.message.id, { 'retry-after': '1' });
    }
    if (message.kind === 'request' && message.message.method === 'initialize') {
      const { params } = message.message;
      const traceparent = traceparentOf(request.headers['traceparent'], params);
      return this.initializer.initialize(incoming, message.message, traceparent);
    }
    const id = message.kind === 'request' ? message.message.id : null;
    const found = this.finder.find(incoming, id);
    const session = found instanceof Promise ? await found : found;
    if (!session) return;
    if (message.kind === 'request') {
      return this.runner.run(session, {
        message: message.message,
        response,
        accepted: incoming.accepted,
        bytes: incoming.bytes,
        traceparent: traceparentOf(request.headers['traceparent'], message.message.params),
      });
    }
    if (message.kind === 'notification') this.notifications.take(session, message.message, request.headers);
    else this.#answered(session, message.message);
    response.writeHead(202).end();
  }

  #answered(session: Session, message: RpcResponse): void {
    if (message.id === null) return;
    const outcome = 'error' in message ? { error: message.error } : { result: message.result };
    if (session.answer(message.id, outcome) || session.asks(String(message.id))) return;
    const answered = { answered: String(message.id), ...outcome };
    this.forwarder.control({ kind: 'client-message', sessionId: session.id, message: answered });
  }
}

/** The trace that a request is part of: by its HTTP header, or by its `_meta` as MCP clients without headers say it. */
function traceparentOf(header: unknown, params: Params | undefined): string | undefined {
  if (typeof header === 'string') return header;
  const meta = params?.['_meta'] as { readonly traceparent?: unknown } | null | undefined;
  return typeof meta?.traceparent === 'string' ? meta.traceparent : undefined;
}
