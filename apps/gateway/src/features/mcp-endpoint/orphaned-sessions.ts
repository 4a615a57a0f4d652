import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectContext, InjectEventStore, type ServiceContext } from '@signalbox/nest-kit';
import type { EventStore } from '@signalbox/ports';
import type { GatewayConfig } from '../../config.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import { Sessions } from './sessions.js';

const PAGE = 500;

interface Found {
  readonly home: string;
  isClosed: boolean;
  /** When it was last said to be in use, in milliseconds since the epoch. */
  usedAt: number;
}

/**
 * Finds sessions in the log that no gateway closes: those of gateways that were killed, this one's earlier runs included. What
 * their servers hold for them ends with them.
 */
@Injectable()
export class OrphanedSessions implements OnModuleInit, BeforeApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #stopped = false;

  constructor(
    private readonly sessions: Sessions,
    @InjectEventStore() private readonly store: EventStore,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  onModuleInit(): void {
    this.#lookIn(this.config.sessions.sweepMs);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  #lookIn(ms: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look()
        .catch((err: unknown) =>
          this.context.logger?.warn({ err }, 'sessions of lost gateways could not be looked for'),
        )
        .finally(() => this.#lookIn(Math.max(this.config.sessions.idleMs, this.config.sessions.sweepMs)));
    }, ms);
    this.#timer.unref();
  }

  /** Whoever uses a session says so within a quarter of the idle time: what was not heard of for longer is over or was never closed. */
  async #look(): Promise<void> {
    const { idleMs, sweepMs } = this.config.sessions;
    const found = await this.#found(this.context.ports.clock.now() - 3 * idleMs - 2 * sweepMs);
    for (const [id, { home, isClosed, usedAt }] of found) {
      if (!isClosed && !this.sessions.table.byId(id)) this.sessions.watchOver({ id, home }, usedAt + idleMs);
    }
  }

  async #found(since: number): Promise<ReadonlyMap<string, Found>> {
    const found = new Map<string, Found>();
    let after: string | undefined;
    for (let left = this.config.sessions.maxLookedBack; left > 0 && !this.#stopped; left -= PAGE) {
      const page = await this.store.find({
        type: 'session.*',
        from: new Date(since).toISOString(),
        direction: 'backward',
        limit: Math.min(PAGE, left),
        ...(after === undefined ? {} : { after }),
      });
      for (const { event } of page.items) {
        const { sessionId } = event.data as { readonly sessionId: string };
        const known = found.get(sessionId) ?? { home: event.partition, isClosed: false, usedAt: 0 };
        known.isClosed ||= event.type === 'session.closed';
        known.usedAt = Math.max(known.usedAt, Date.parse(event.time));
        found.set(sessionId, known);
      }
      if (page.next === null) break;
      after = page.next;
    }
    return found;
  }
}
