import { Injectable } from '@nestjs/common';
import { createEvent, pinnedStream, type NewEvent } from '@signalbox/contracts';
import { InjectContext, InjectEventLog, type ServiceContext } from '@signalbox/nest-kit';
import { StoreUnavailableError, VersionConflictError } from '@signalbox/ports';
import { EventLog } from '@signalbox/runtime';
import type { GatewayConfig } from '../../config.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import { readSessionRecord, type SessionRecord } from './session-record.js';
import type { CloseReason } from './session-table.js';
import type { Session } from './session.js';

/** Newest events of one session that are read; one is written in a quarter of the idle time, and one for each log level. */
const MAX_EVENTS = 10_000;

/** Writes what happens to sessions into the log, and reads it there. A session's stream is in the partition of the gateway that opened it. */
@Injectable()
export class SessionLog {
  readonly #writing = new Set<Promise<void>>();

  constructor(
    @InjectEventLog() private readonly log: EventLog,
    @InjectContext() private readonly context: ServiceContext,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
  ) {}

  /** @throws StoreUnavailableError when the log has not taken it within `sessions.storeTimeoutMs` */
  async opened(session: Session, secretHash: string): Promise<void> {
    const { client } = session.caller;
    const event = createEvent('session.opened', {
      sessionId: session.id,
      gateway: this.context.instanceId,
      principal: session.principal,
      protocolVersion: client.protocolVersion ?? '',
      client: client.info ?? { name: '', version: '' },
      capabilities: { ...client.capabilities },
      ...(session.scope === undefined ? {} : { server: session.scope }),
      secretHash,
    });
    await this.#bounded(this.#append(session, event, `${session.id}.opened`, 0));
  }

  /** Says that the session is in use here. Nobody waits for it but {@link settled}. */
  used(session: Session, now: number): void {
    session.notedAt = now;
    this.#changed(session, {});
  }

  logLevel(session: Session, logLevel: string): void {
    this.#changed(session, { logLevel });
  }

  /**
   * @param atVersion only if the session's stream is at this version
   * @returns false when it is not
   * @throws StoreUnavailableError when the log has not taken it within `sessions.storeTimeoutMs`
   */
  async closed(session: Pick<Session, 'id' | 'home'>, reason: CloseReason, atVersion?: number): Promise<boolean> {
    const event = createEvent('session.closed', { sessionId: session.id, reason });
    try {
      await this.#bounded(this.#append(session, event, `${session.id}.closed`, atVersion ?? 'any'));
      return true;
    } catch (error) {
      if (error instanceof VersionConflictError) return false;
      throw error;
    }
  }

  /** @throws StoreUnavailableError when the log does not answer within `sessions.storeTimeoutMs` */
  async read(home: string, id: string): Promise<SessionRecord | undefined> {
    const events = await this.#bounded(this.log.readStream(pinnedStream('session', home, id), { limit: MAX_EVENTS }));
    return readSessionRecord(events);
  }

  /** Resolves when all that nobody waits for is in the log, or could not be written. */
  async settled(): Promise<void> {
    await Promise.all(this.#writing);
  }

  #changed(session: Session, change: { readonly logLevel?: string }): void {
    const event = createEvent('session.changed', {
      sessionId: session.id,
      gateway: this.context.instanceId,
      ...change,
    });
    const append = this.#append(session, event, event.id, 'any').catch((error: unknown) => {
      this.context.logger?.warn({ err: error, sessionId: session.id }, 'a change of a session is not in the log');
    });
    this.#writing.add(append);
    void append.finally(() => this.#writing.delete(append));
  }

  async #append(
    { id, home }: Pick<Session, 'id' | 'home'>,
    event: NewEvent,
    commitId: string,
    expectedVersion: number | 'any',
  ): Promise<void> {
    await this.log.append({
      stream: pinnedStream('session', home, id),
      expectedVersion,
      events: [event],
      commitId,
      metadata: { correlationId: id },
    });
  }

  async #bounded<T>(work: Promise<T>): Promise<T> {
    const { storeTimeoutMs } = this.config.sessions;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      const message = `the event log has not answered within ${storeTimeoutMs} ms`;
      timer = setTimeout(() => reject(new StoreUnavailableError(message)), storeTimeoutMs);
    });
    try {
      return await Promise.race([work, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }
}
