import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import type { ServiceInstance } from '@signalbox/contracts';
import { InjectDirectory } from '@signalbox/nest-kit';
import type { ServiceDirectory, ServiceQuery } from '@signalbox/ports';
import type { RegistryConfig } from '../../config.js';
import { EntityLog } from '../../entity-log.js';
import { InjectRegistryConfig } from '../../registry-config.module.js';
import { InstanceIndex } from './instance-index.js';

/** Longest that a write waits for being shown by the census, milliseconds; it is shown later then. */
const SETTLE_MS = 2_000;

export interface CensusChange {
  readonly serviceName: string;
  /** The service was not there before, or has no instances now. */
  readonly namesChanged: boolean;
}

interface Watched {
  instances: readonly ServiceInstance[];
  end: () => void;
}

/**
 * All instances of all services, kept current by a watch per service name. The directory has no watch over names: new ones
 * are looked for when the log tells of a registration, and now and then for directories that do not write to the log.
 */
@Injectable()
export class ServiceCensus implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #watched = new Map<string, Watched>();
  readonly #listeners = new Set<(change: CensusChange) => void>();
  readonly #index = new InstanceIndex();
  /** Names of which the directory has not told the instances yet. */
  readonly #unheard = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #hasLooked = false;
  #stopped = false;

  constructor(
    @InjectDirectory() private readonly directory: ServiceDirectory,
    private readonly log: EntityLog,
    @InjectRegistryConfig() private readonly config: RegistryConfig,
  ) {}

  onModuleInit(): void {
    this.log.onEvent(({ type }) => {
      if (type === 'service.registered') this.#refreshSoon();
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.refresh();
    this.#timer = setInterval(() => this.#refreshSoon(), this.config.services.refreshMs);
    this.#timer.unref();
  }

  beforeApplicationShutdown(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    for (const { end } of this.#watched.values()) end();
    this.#watched.clear();
    this.#listeners.clear();
  }

  /** Names of the services that have instances, sorted. */
  names(): string[] {
    return [...this.#watched.keys()].sort();
  }

  /** Whether the directory has told the instances of every service that it has named so far. */
  get isComplete(): boolean {
    return this.#hasLooked && this.#unheard.size === 0;
  }

  /** All instances that the directory has told, by service name, then id. */
  all(): ServiceInstance[] {
    return this.#index.find({});
  }

  /** How many instances there are. */
  get size(): number {
    return this.#index.size;
  }

  get(id: string): ServiceInstance | undefined {
    return this.#index.get(id);
  }

  /** As {@link get}; the directory itself is asked for what is not known: it may be newer than the last look for names. */
  async lookUp(id: string): Promise<ServiceInstance | undefined> {
    return this.get(id) ?? (await this.directory.findServices({})).find((instance) => instance.id === id);
  }

  /**
   * From memory: what the directory said last, also while it does not answer. The directory itself is asked while a service
   * has not been heard of yet, and where nothing is found: a service name may be newer than the last look for names.
   * @returns ordered by service name, then id
   */
  async find(query: ServiceQuery): Promise<ServiceInstance[]> {
    const found = this.#unheard.size > 0 ? [] : this.#index.find(query);
    if (found.length > 0 || this.#stopped) return found;
    return this.directory.findServices(query);
  }

  /** Resolves when the census shows an instance, or does not any more, as `holds` says; after two seconds in any case. */
  async settled(id: string, holds: (instance: ServiceInstance | undefined) => boolean): Promise<void> {
    await this.refresh();
    if (holds(this.get(id))) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => done(), SETTLE_MS);
      const end = this.onChange(() => holds(this.get(id)) && done());
      const done = (): void => {
        clearTimeout(timer);
        end();
        resolve();
      };
    });
  }

  /** @returns a function that ends it */
  onChange(listener: (change: CensusChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Starts watching the services that are new. Calls that meet share one look, and one more after it. */
  refresh(): Promise<void> {
    if (this.#looking) this.#lookAgain = true;
    else this.#looking = this.#look().finally(() => (this.#looking = undefined));
    return this.#looking!;
  }

  async #look(): Promise<void> {
    do {
      this.#lookAgain = false;
      const names = new Set((await this.directory.findServices({})).map(({ serviceName }) => serviceName));
      for (const name of names) if (!this.#stopped && !this.#watched.has(name)) this.#watch(name);
      this.#hasLooked = true;
    } while (this.#lookAgain && !this.#stopped);
  }

  #refreshSoon(): void {
    // a directory that does not answer now is asked again at the next occasion
    this.refresh().catch(() => undefined);
  }

  #watch(serviceName: string): void {
    const watched: Watched = { instances: [], end: () => undefined };
    this.#watched.set(serviceName, watched);
    this.#unheard.add(serviceName);
    let present = true;
    const end = this.directory.watchService(serviceName, (instances) => {
      const namesChanged = watched.instances.length === 0 || instances.length === 0;
      watched.instances = instances;
      this.#unheard.delete(serviceName);
      if (!this.#stopped) this.#index.replace(serviceName, instances);
      present = instances.length > 0;
      // a name without instances is forgotten, so that made-up names cannot pile up
      if (!present && this.#watched.delete(serviceName)) watched.end();
      for (const listener of this.#listeners) listener({ serviceName, namesChanged });
    });
    watched.end = end;
    if (!present) end();
  }
}
