import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { UpstreamDefinition } from '@signalbox/contracts';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServerChanges } from '../connections/definition-change.js';
import { UpstreamServers } from '../connections/upstream-servers.js';

/** A server that is to go takes calls for so long yet: until the gateways know, they send it calls that nobody would answer. */
const REMOVE_AFTER_MS = 1_000;

/** Makes the upstream servers those of the configuration whenever that changes. */
@Injectable()
export class ConfigFollower implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #stopping = new AbortController();
  /** Names of servers that were taken out since the last turn, also of those that are in again. */
  #takenOut = new Set<string>();
  #following: Promise<void> = Promise.resolve();
  #end: (() => void) | undefined;

  constructor(
    private readonly servers: UpstreamServers,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  onApplicationBootstrap(): void {
    const { config } = this.context;
    this.#end = config.live?.onChange(() => {
      const names = new Set(config.servers.map(({ name }) => name));
      for (const { name } of this.servers.all()) {
        if (this.servers.isConfigured(name) && !names.has(name)) this.#takenOut.add(name);
      }
      this.#follow();
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#end?.();
    this.#stopping.abort();
    await this.#following;
  }

  /** One after the other, each to what the configuration is when its turn comes. */
  #follow(): void {
    this.#following = this.#following
      .then(() => this.#takeIn())
      .catch((error: unknown) =>
        this.context.logger?.error({ err: error }, 'a change of the configuration could not be followed'),
      );
  }

  async #takeIn(): Promise<void> {
    const { config } = this.context;
    const { signal } = this.#stopping;
    const gone = this.#takenOut;
    this.#takenOut = new Set();
    const staying = (): UpstreamDefinition[] => config.servers.filter(({ name }) => !gone.has(name));
    this.#tell(await this.servers.configure([...staying(), ...this.#present(gone)]));
    if (gone.size === 0) return;
    await delay(REMOVE_AFTER_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    // also what is wanted again by now: the gateways have forgotten it, and hear of it when it starts anew; what was taken
    // out meanwhile has a turn of its own
    const later = [...this.#takenOut].filter((name) => !gone.has(name));
    // not waited for: its calls may run on for a while
    this.servers
      .configure([...staying(), ...this.#present(new Set(later))])
      .then((changes) => this.#tell(changes))
      .catch((error: unknown) => this.context.logger?.error({ err: error }, 'servers could not be removed'));
    if (config.servers.some(({ name }) => gone.has(name))) this.#follow();
  }

  /** The definitions by which these servers run, as far as they are configured ones. */
  #present(names: ReadonlySet<string>): UpstreamDefinition[] {
    const found = [...this.servers.all()].filter(({ name }) => names.has(name) && this.servers.isConfigured(name));
    return found.map(({ definition }) => definition);
  }

  #tell(changes: ServerChanges): void {
    const { logger } = this.context;
    if (Object.values(changes).some((names) => names.length > 0)) logger?.info({ ...changes }, 'upstream servers');
  }
}
