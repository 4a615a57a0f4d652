import { Injectable } from '@nestjs/common';
import { ErrorCode, isSessionRevision, rpcError, SESSION_REVISIONS, type RequestId } from '@signalbox/mcp';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { GatewayConfig } from '../../config.js';
import { GatewayCode, rpcErrorOf, saysRetryable } from '../../errors.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import { CatalogueFollower } from '../catalogue/catalogue-follower.js';
import type { IncomingPlain } from './incoming.js';
import { RecentKeys } from './recent-keys.js';
import { refuse } from './refuse.js';
import { SessionLog } from './session-log.js';
import { lastUse } from './session-record.js';
import type { Session } from './session.js';
import { Sessions } from './sessions.js';
import { provesSecret, readWireSessionId } from './wire-session-id.js';

const UNKNOWN_KEPT = 10_000;
type Found = Session | 'unknown' | 'full';

/** Finds the session that a request names: in memory, or in the log when another gateway has opened it or this one was started again. */
@Injectable()
export class SessionFinder {
  readonly #unknown: RecentKeys;
  readonly #lookups = new Map<string, Promise<Found>>();

  constructor(
    private readonly sessions: Sessions,
    private readonly log: SessionLog,
    private readonly follower: CatalogueFollower,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
    @InjectContext() private readonly context: ServiceContext,
  ) {
    this.#unknown = new RecentKeys(UNKNOWN_KEPT, config.sessions.unknownMs);
  }

  /** The session, if the request may use it, and marks it as used; answers the request when not. Waits only for the log. */
  find(incoming: IncomingPlain, id: RequestId | null = null): Session | undefined | Promise<Session | undefined> {
    const wireId = incoming.request.headers['mcp-session-id'];
    if (typeof wireId !== 'string') {
      const error = rpcError(ErrorCode.ConnectionClosed, 'Mcp-Session-Id is missing: send "initialize" first');
      return void refuse(incoming.response, 400, error, id);
    }
    const now = this.context.ports.clock.now();
    const session = this.sessions.table.byWireId(wireId);
    if (session && now - Math.max(session.lastUsed, session.checkedAt) <= this.config.sessions.recheckMs) {
      return this.#admit(session, incoming, id, now);
    }
    return this.#findInLog(wireId, session, incoming, id);
  }

  async #findInLog(
    wireId: string,
    copy: Session | undefined,
    incoming: IncomingPlain,
    id: RequestId | null,
  ): Promise<Session | undefined> {
    try {
      const found = await this.#lookUpOnce(wireId, copy);
      const now = this.context.ports.clock.now();
      if (found !== 'full') return this.#admit(found, incoming, id, now);
    } catch (cause) {
      // what was in order a while ago serves better than nothing
      if (copy && this.sessions.table.byId(copy.id) === copy) {
        return this.#admit(copy, incoming, id, this.context.ports.clock.now());
      }
      const error = rpcErrorOf(cause, 'signalbox', (err) => this.context.logger?.error({ err }, 'finding a session'));
      return void refuse(incoming.response, saysRetryable(error) ? 503 : 500, error, id, { 'retry-after': '1' });
    }
    const error = rpcError(GatewayCode.Overloaded, 'Too many sessions are in use or looked for; try again later', {
      retryable: true,
    });
    return void refuse(incoming.response, 503, error, id, { 'retry-after': '1' });
  }

  #admit(
    session: Session | 'unknown',
    { request, response, principal, scope }: IncomingPlain,
    id: RequestId | null,
    now: number,
  ): Session | undefined {
    // to others a session does not exist
    if (session === 'unknown' || session.principal !== principal || session.scope !== scope) {
      const message = 'Session not found: it has ended, or never was; send "initialize"';
      return void refuse(response, 404, rpcError(ErrorCode.RequestTimeout, message), id);
    }
    const revision = request.headers['mcp-protocol-version'];
    if (revision !== undefined && !isSessionRevision(revision)) {
      const message = `Unsupported MCP-Protocol-Version: ${String(revision).slice(0, 100)}; supported are ${SESSION_REVISIONS.join(', ')}`;
      return void refuse(response, 400, rpcError(ErrorCode.ConnectionClosed, message), id);
    }
    session.lastUsed = now;
    return session;
  }

  /** Requests that name the same session at the same time share one look into the log. */
  #lookUpOnce(wireId: string, copy: Session | undefined): Found | Promise<Found> {
    const running = this.#lookups.get(wireId);
    if (running) return running;
    if (this.#unknown.has(wireId, this.context.ports.clock.now())) return 'unknown';
    if (this.#lookups.size >= this.config.sessions.maxLookups) return copy ?? 'full';
    const lookup = this.#lookUp(wireId, copy).finally(() => this.#lookups.delete(wireId));
    this.#lookups.set(wireId, lookup);
    return lookup;
  }

  async #lookUp(wireId: string, copy: Session | undefined): Promise<Found> {
    const wire = readWireSessionId(wireId);
    const record = wire && (await this.log.read(wire.home, wire.id));
    const now = this.context.ports.clock.now();
    if (!record || record.closed || !provesSecret(wire.secret, record.opened.secretHash ?? '')) {
      if (copy) this.sessions.table.forget(copy, 'closed elsewhere');
      this.#unknown.add(wireId, now);
      return 'unknown';
    }
    if (copy && this.sessions.table.byId(copy.id) === copy) {
      this.sessions.checked(copy, record, now);
      return copy;
    }
    // the last use may have been a while after the last time that it was written down
    const { idleMs, sweepMs } = this.config.sessions;
    if (now - lastUse(record) > idleMs * 1.5 + sweepMs) return 'unknown';
    this.follower.watch(record.opened.server);
    return this.sessions.restore(wireId, wire.home, record) ?? 'full';
  }
}
