import { Injectable } from '@nestjs/common';
import { isRequestId, type RpcNotification } from '@signalbox/mcp';
import type { IncomingHttpHeaders } from 'node:http';
import { UpstreamForwarder } from '../forward/upstream-forwarder.js';
import { GatewayMiddleware } from '../middleware/gateway-middleware.js';
import { CallResumer } from '../resume/call-resumer.js';
import type { Session } from './session.js';

const MAX_REASON = 1000;

/** What clients with a session tell without asking anything. */
@Injectable()
export class ClientNotifications {
  constructor(
    private readonly forwarder: UpstreamForwarder,
    private readonly resumer: CallResumer,
    private readonly middleware: GatewayMiddleware,
  ) {}

  take(session: Session, notification: RpcNotification, headers: IncomingHttpHeaders): void {
    const { principal, scope, id: sessionId } = session;
    const passed = this.middleware.notified(notification, { principal, sessionId, scope, headers });
    if (!passed) return;
    const { method, params } = passed;
    if (method === 'notifications/cancelled') return this.#cancelled(session, params ?? {});
    if (method === 'notifications/roots/list_changed') {
      this.forwarder.control({ kind: 'notify', sessionId, method, ...(params ? { params } : {}) });
    }
    // the others (initialized, progress of what servers asked) change nothing here
  }

  #cancelled(session: Session, params: NonNullable<RpcNotification['params']>): void {
    const { requestId, reason } = params as { requestId?: unknown; reason?: unknown };
    if (!isRequestId(requestId)) return;
    const why = typeof reason === 'string' ? reason.slice(0, MAX_REASON) : undefined;
    const running = session.running(requestId);
    if (running) return running.cancel(why);
    if (String(requestId).length > MAX_REASON) return;
    this.resumer.cancel(session.id, requestId, why);
    const cancelled = { cancelled: requestId, ...(why === undefined ? {} : { reason: why }) };
    this.forwarder.control({ kind: 'client-message', sessionId: session.id, message: cancelled });
  }
}
