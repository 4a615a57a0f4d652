import type { ServiceInstance } from '@signalbox/contracts';
import { BlockingQuery } from '../api/blocking-query.js';
import type { ConsulApi } from '../api/consul-api.js';
import { instancesOf } from './instances-of.js';

type Listener = (instances: ServiceInstance[]) => void;

interface Watch {
  readonly listeners: Set<Listener>;
  readonly query: BlockingQuery<ServiceInstance[]>;
  last: ServiceInstance[] | undefined;
}

/** One blocking query per service name, whoever watches it. */
export class ServiceWatches {
  private readonly watches = new Map<string, Watch>();

  constructor(
    private readonly api: ConsulApi,
    private readonly maxNames: number,
  ) {}

  /** @throws RangeError when too many names are watched */
  add(serviceName: string, listener: Listener): () => void {
    const watch = this.watches.get(serviceName) ?? this.begin(serviceName);
    // a listener of its own for each watch, so that watching twice with one function and ending one leaves the other
    const own: Listener = (instances) => listener(instances);
    watch.listeners.add(own);
    if (watch.last !== undefined) {
      queueMicrotask(() => {
        if (watch.listeners.has(own)) this.tell(serviceName, own, watch.last!);
      });
    }
    return () => {
      if (!watch.listeners.delete(own) || watch.listeners.size > 0) return;
      watch.query.end();
      if (this.watches.get(serviceName) === watch) this.watches.delete(serviceName);
    };
  }

  clear(): void {
    for (const { query, listeners } of this.watches.values()) {
      query.end();
      listeners.clear();
    }
    this.watches.clear();
  }

  private begin(serviceName: string): Watch {
    if (this.watches.size >= this.maxNames) {
      throw new RangeError(`${this.watches.size} services are watched, the most allowed`);
    }
    const query = new BlockingQuery(
      this.api.options,
      async (block) => {
        const { value, index } = await this.api.serviceHealth(serviceName, block);
        return { value: instancesOf(value), index };
      },
      (instances) => {
        watch.last = instances;
        for (const listener of [...watch.listeners]) this.tell(serviceName, listener, instances);
      },
      `watch of the service ${serviceName}`,
    );
    const watch: Watch = { listeners: new Set(), query, last: undefined };
    this.watches.set(serviceName, watch);
    return watch;
  }

  private tell(serviceName: string, listener: Listener, instances: ServiceInstance[]): void {
    try {
      listener(structuredClone(instances));
    } catch (error) {
      this.api.options.onError(error, `watcher of ${serviceName}`);
    }
  }
}
