import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { ClientContext } from '@signalbox/contracts';
import { InjectClock, InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { Clock } from '@signalbox/ports';
import { Backoff } from '@signalbox/runtime';
import type { GatewayConfig } from '../../config.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import { UpstreamForwarder } from '../forward/upstream-forwarder.js';
import { CatalogueFollower } from './catalogue-follower.js';
import { readResourceList } from './resource-list-reader.js';

/**
 * Gets the lists of resources that are too long for the log, in the background: again whenever the log says that one has
 * changed, until it could be read. What is known serves meanwhile.
 */
@Injectable()
export class LongLists implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #reading = new Map<string, { readonly backoff: Backoff; timer?: NodeJS.Timeout }>();
  #stopped = false;

  constructor(
    private readonly follower: CatalogueFollower,
    private readonly forwarder: UpstreamForwarder,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
    @InjectClock() private readonly clock: Clock,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  onApplicationBootstrap(): void {
    this.follower.onServerChanged(() => this.#look());
    this.#look();
  }

  beforeApplicationShutdown(): void {
    this.#stopped = true;
    for (const { timer } of this.#reading.values()) clearTimeout(timer);
  }

  #look(): void {
    for (const { server, hash } of this.follower.catalogue.unreadLists()) {
      if (this.#stopped || this.#reading.has(server)) continue;
      const { retryMinMs: minMs, retryMaxMs: maxMs } = this.config.catalogue.longLists;
      this.#reading.set(server, { backoff: new Backoff({ minMs, maxMs }) });
      void this.#read(server, hash);
    }
  }

  async #read(server: string, hash: string): Promise<void> {
    const client: ClientContext = { principal: 'signalbox', gateway: this.context.instanceId };
    const { longLists } = this.config.catalogue;
    try {
      const resources = await readResourceList(server, client, this.forwarder, longLists, this.clock.now());
      if (this.#stopped) return;
      this.#reading.delete(server);
      this.follower.takeResources(server, hash, resources);
      // it may have changed again meanwhile
      this.#look();
    } catch (err) {
      if (!this.#stopped) this.#retry(server, err);
    }
  }

  #retry(server: string, err: unknown): void {
    const reading = this.#reading.get(server)!;
    const waitMs = reading.backoff.next();
    this.context.logger?.warn({ err, server, waitMs }, 'a list of resources could not be read');
    reading.timer = setTimeout(() => {
      const unread = this.follower.catalogue.unreadLists().find((list) => list.server === server);
      if (unread) void this.#read(server, unread.hash);
      else this.#reading.delete(server);
    }, waitMs);
    reading.timer.unref();
  }
}
