import { Injectable } from '@nestjs/common';
import { newId, type ClientContext } from '@signalbox/contracts';
import { BufferBudget, MemoryEventBuffer, type EventStream } from '@signalbox/mcp';
import { InjectClock, InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { Clock } from '@signalbox/ports';
import { randomInt } from 'node:crypto';
import type { GatewayConfig } from '../../config.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import { UpstreamForwarder } from '../forward/upstream-forwarder.js';
import { SessionLog } from './session-log.js';
import { lastUse, type SessionRecord } from './session-record.js';
import { SessionTable, type CloseReason } from './session-table.js';
import { Session, type SessionIdentity } from './session.js';
import { hashOfSecret, newSecret, writeWireSessionId } from './wire-session-id.js';

/** What names a session in the log. */
type SessionName = Pick<Session, 'id' | 'home'>;

export interface NewSession {
  readonly principal: string;
  readonly protocolVersion: string;
  readonly info: { readonly name: string; readonly version: string };
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly scope: string | undefined;
}

/** Sessions that were given up here and may have to be closed later; the oldest are forgotten, and stay open in the log. */
const MAX_LEFT = 10_000;

/** Above all numbers that fit into an event id by hand. */
const MAX_COPY = 2 ** 47;

/** Opens, restores and closes the sessions that this gateway serves, and keeps their streams alive. */
@Injectable()
export class Sessions {
  readonly table: SessionTable;
  readonly #attached = new Set<EventStream>();
  readonly #budget: BufferBudget;
  #timers: NodeJS.Timeout[] = [];
  /** Sessions that are no longer here but open in the log → when to look whether they are still used, in milliseconds since the epoch. */
  readonly #left = new Map<SessionName, number>();
  #closingIdle: Promise<void> = Promise.resolve();
  #stopping = false;

  constructor(
    private readonly log: SessionLog,
    private readonly forwarder: UpstreamForwarder,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
    @InjectClock() private readonly clock: Clock,
    @InjectContext() private readonly context: ServiceContext,
  ) {
    this.#budget = new BufferBudget(config.streams.bufferTotalBytes);
    const { max, idleMs } = config.sessions;
    const onPushedOut = ({ id, home, lastUsed }: Session): void => this.#leave({ id, home }, lastUsed + idleMs);
    this.table = new SessionTable({ max, idleMs, onPushedOut });
  }

  get openStreams(): number {
    return this.#attached.size;
  }

  start(): void {
    this.#timers = [
      setInterval(() => this.#sweep(), this.config.sessions.sweepMs),
      setInterval(() => {
        for (const stream of this.#attached) stream.keepAlive();
      }, this.config.streams.keepAliveMs),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  /**
   * @returns undefined when there are as many busy sessions as there may be
   * @throws StoreUnavailableError when the log cannot take it
   */
  async open({ scope, ...about }: NewSession): Promise<Session | undefined> {
    const [id, home, secret] = [newId(), this.context.instanceId, newSecret()];
    const client: ClientContext = { ...about, gateway: home, sessionId: id };
    const wireId = writeWireSessionId({ home, id, secret });
    const session = this.#make({ id, wireId, home, scope, client, openedAt: this.clock.now(), copy: '' });
    await this.log.opened(session, hashOfSecret(secret));
    if (this.table.add(session)) return session;
    await this.log.closed(session, 'limit');
    return undefined;
  }

  /** Goes on with a session that the log has. @returns undefined when there are as many busy sessions as there may be */
  restore(wireId: string, home: string, record: SessionRecord): Session | undefined {
    const { opened, logLevel } = record;
    const { principal, protocolVersion, client: info, capabilities, server: scope, sessionId: id } = opened;
    const gateway = this.context.instanceId;
    const client: ClientContext = {
      ...{ principal, protocolVersion, info, capabilities, gateway, sessionId: id },
      ...(logLevel === undefined ? {} : { logLevel }),
    };
    const now = this.clock.now();
    const copy = String(randomInt(1, MAX_COPY));
    const session = this.#make({ id, wireId, home, scope, client, openedAt: now, copy });
    if (!this.table.add(session)) return undefined;
    this.checked(session, record, now);
    return session;
  }

  /** Notes that a session that is about to be used is open in the log, and tells the log when it has not heard of it for long. */
  checked(session: Session, record: SessionRecord, now: number): void {
    session.checkedAt = now;
    session.notedAt = lastUse(record);
    if (now - session.notedAt > this.#noteAfterMs) this.log.used(session, now);
  }

  /**
   * Ends a session for good, at every gateway.
   * @throws StoreUnavailableError when the log cannot take it; the session goes on then
   */
  async end(session: Session, reason: CloseReason): Promise<void> {
    await this.log.closed(session, reason);
    this.table.forget(session, reason);
    this.forwarder.control({ kind: 'session-closed', sessionId: session.id });
  }

  /** The sessions stay open in the log: the client goes on at another gateway, or at this one when it is back. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.table.forgetAll('the gateway is shutting down');
    await this.#closingIdle;
    await this.log.settled();
  }

  /** Whoever uses a session says so in the log at least so often: see {@link #closeIdle}. */
  get #noteAfterMs(): number {
    return this.config.sessions.idleMs / 4;
  }

  #make(identity: SessionIdentity): Session {
    const { sessions, streams } = this.config;
    const { bufferEvents: maxEvents, bufferBytes: maxBytes } = streams;
    const buffer = new MemoryEventBuffer({ maxEvents, maxBytes }, this.#budget);
    const session = new Session(identity, buffer, { ...sessions, ...streams }, this.#attached);
    session.onLogLevel = (level) => this.log.logLevel(session, level);
    return session;
  }

  #sweep(): void {
    const now = this.clock.now();
    for (const { id, home } of this.table.sweep(now)) this.#leave({ id, home }, now);
    for (const [name, due] of this.#left) {
      if (due > now) continue;
      this.#left.delete(name);
      this.#closingIdle = this.#closingIdle.then(() => this.#closeIdle(name));
    }
    for (const session of this.table.all()) {
      if (session.busy) session.lastUsed = now;
      if (session.lastUsed > session.notedAt && now - session.notedAt > this.#noteAfterMs) this.log.used(session, now);
    }
  }

  /** Closes a session that is not here when nobody has used it for the idle time. @param due when to look, in milliseconds since the epoch */
  watchOver(name: SessionName, due: number): void {
    for (const known of this.#left.keys()) if (known.id === name.id) return;
    this.#leave(name, due);
  }

  #leave(name: SessionName, due: number): void {
    this.#left.set(name, due);
    if (this.#left.size > MAX_LEFT) this.#left.delete(this.#left.keys().next().value!);
  }

  /**
   * Closes a session that nobody has used here for the idle time, unless it is alive elsewhere: then that gateway has said so in
   * the log within the idle time. If it says so just now, the stream has another version than the one that was read.
   */
  async #closeIdle(name: SessionName): Promise<void> {
    if (this.#stopping) return;
    const { idleMs, sweepMs } = this.config.sessions;
    const { id, home } = name;
    try {
      const record = await this.log.read(home, id);
      if (!record || record.closed || this.table.byId(id)) return;
      const idleAt = lastUse(record, this.context.instanceId) + idleMs;
      if (idleAt >= this.clock.now()) return this.#leave(name, idleAt + 1);
      if (!(await this.log.closed(name, 'idle', record.version))) return this.#leave(name, this.clock.now() + idleMs);
      this.forwarder.control({ kind: 'session-closed', sessionId: id });
    } catch (err) {
      this.context.logger?.warn({ err, sessionId: id }, 'an idle session could not be closed');
      this.#leave(name, this.clock.now() + Math.max(sweepMs, idleMs / 4));
    }
  }
}
