import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectContext, InjectEventStore, type ServiceContext } from '@signalbox/nest-kit';
import type { Commit, EventStore } from '@signalbox/ports';
import { decodeCommit, LogFollower } from '@signalbox/runtime';
import { setTimeout as delay } from 'node:timers/promises';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import type { GatewayConfig } from '../../config.js';
import type { CatalogueView } from './catalogue-view.js';
import { Catalogue } from './catalogue.js';
import type { ListKind } from './list-kind.js';
import type { ServerCatalogue } from './server-entry.js';
import { isServerEventType } from './server-event.js';

export type ListListener = (scope: string | undefined, kinds: ReadonlySet<ListKind>) => void;

export type UpdateListener = (server: string, uri: string) => void;

/** Keeps the catalogue at the end of the log, and says when the lists that somebody sees have changed. */
@Injectable()
export class CatalogueFollower implements OnModuleInit, BeforeApplicationShutdown {
  readonly #follower: LogFollower;
  readonly #announced = new Map<string | undefined, CatalogueView>();
  readonly #listeners = new Set<ListListener>();
  readonly #settledListeners = new Set<() => void>();
  readonly #updateListeners = new Set<UpdateListener>();
  readonly #serverListeners = new Set<() => void>();
  #settling: NodeJS.Timeout | undefined;
  #expiring: NodeJS.Timeout | undefined;
  #configEnded: (() => void) | undefined;

  constructor(
    readonly catalogue: Catalogue,
    @InjectEventStore() store: EventStore,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
    @InjectContext() private readonly context: ServiceContext,
  ) {
    this.#follower = new LogFollower(store, {
      from: {},
      partitions: (name) => name.startsWith('entity-'),
      onCommits: (commits) => this.#take(commits),
      onError: (error, { fatal }) => this.context.logger?.[fatal ? 'fatal' : 'warn']({ err: error }, 'catalogue'),
    });
  }

  async onModuleInit(): Promise<void> {
    // safety classes and deadlines of tools may be others now
    this.#configEnded = this.context.config.live?.onChange(() => this.refresh());
    this.#follower.start();
    const ended = new AbortController();
    await Promise.race([
      this.#follower.caughtUp().catch(() => undefined),
      delay(this.config.catalogue.catchUpMs, undefined, { signal: ended.signal }).catch(() => undefined),
    ]);
    ended.abort();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#configEnded?.();
    clearTimeout(this.#settling);
    clearTimeout(this.#expiring);
    this.#listeners.clear();
    this.#serverListeners.clear();
    this.#updateListeners.clear();
    await this.#follower.stop();
  }

  /** Hears of changes in the lists of every scope that was {@link watch}ed. */
  onListChanged(listener: ListListener): void {
    this.#listeners.add(listener);
  }

  /** Hears, a moment after each change, that the catalogue is another one. */
  onCatalogueSettled(listener: () => void): void {
    this.#settledListeners.add(listener);
  }

  /** Hears of every change of a server. */
  onServerChanged(listener: () => void): void {
    this.#serverListeners.add(listener);
  }

  /** Hears of resources whose content has changed, as far as servers tell it to somebody. */
  onResourceUpdated(listener: UpdateListener): void {
    this.#updateListeners.add(listener);
  }

  /** Takes a server's `notifications/resources/updated`. */
  takeUpdate(server: string, uri: string): void {
    for (const listener of this.#updateListeners) listener(server, uri);
  }

  /** Takes a list that is too long for the log. */
  takeResources(server: string, hash: string, resources: ServerCatalogue['resources']): void {
    if (this.catalogue.setResources(server, hash, resources)) this.#settle();
  }

  /** Something besides events has changed what the lists have. */
  refresh(): void {
    this.catalogue.refresh();
    this.#settle();
  }

  /** From now on changes of these lists are said. */
  watch(scope: string | undefined): void {
    if (this.#announced.has(scope)) return;
    // nobody listened to what came before
    this.catalogue.takeServed(scope);
    this.#announced.set(scope, this.catalogue.view(scope));
  }

  /** Nobody is told of changes of these lists any more, until somebody asks for them again. */
  unwatch(scope: string): void {
    this.#announced.delete(scope);
    this.catalogue.forget(scope);
  }

  #take(commits: readonly Commit[]): void {
    const events = commits
      .filter((commit) => commit.types.some(isServerEventType))
      .flatMap((commit) => decodeCommit(commit));
    if (events.length === 0 || !this.catalogue.apply(events)) return;
    this.#settle();
    for (const listener of this.#serverListeners) listener();
  }

  #settle(): void {
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined;
      this.#announce();
      for (const listener of this.#settledListeners) listener();
      clearTimeout(this.#expiring);
      const expiry = this.catalogue.nextExpiry();
      if (expiry === undefined) return;
      this.#expiring = setTimeout(() => {
        this.catalogue.refresh();
        this.#settle();
      }, expiry);
      this.#expiring.unref();
    }, this.config.catalogue.settleMs);
    this.#settling.unref();
  }

  #announce(): void {
    for (const [scope, before] of this.#announced) {
      const after = this.catalogue.view(scope);
      if (after === before) continue;
      this.#announced.set(scope, after);
      const kinds = Catalogue.difference(before, after);
      // two changes may cancel each other out: who read the list between them has another one
      for (const view of this.catalogue.takeServed(scope)) {
        for (const kind of Catalogue.difference(view, after)) if (view.served.has(kind)) kinds.add(kind);
      }
      if (kinds.size > 0) for (const listener of this.#listeners) listener(scope, kinds);
    }
  }
}
