import type { ConfigTree } from '@signalbox/contracts';
import type { RemoteConfig, RemoteConfigListener } from '@signalbox/ports';
import { BlockingQuery } from '../api/blocking-query.js';
import { ConsulApi } from '../api/consul-api.js';
import type { ConsulOptions } from '../api/options.js';
import { mergeKeys } from './merge-keys.js';

export interface ConsulConfigSourceOptions extends ConsulOptions {
  /** Where the configuration is; default `signalbox/config`. */
  readonly prefix?: string;
}

/** Configuration kept in Consul's key-value store, as the object that a configuration file would have (see {@link mergeKeys}). */
export class ConsulConfigSource implements RemoteConfig {
  readonly where: string;
  private readonly api: ConsulApi;
  private readonly prefix: string;
  private readonly watches = new Set<{ end(): void }>();

  /** Connects when it is first used. @throws RangeError for a URL that is not one of HTTP */
  constructor(options: ConsulConfigSourceOptions) {
    this.api = new ConsulApi(options);
    this.prefix = (options.prefix ?? 'signalbox/config').replace(/^\/+|\/+$/g, '');
    this.where = `${this.prefix} in Consul`;
  }

  /**
   * @returns undefined when there is none
   * @throws ConsulError when Consul cannot be asked; ConfigError naming the key of a value that cannot be right
   */
  async load(): Promise<ConfigTree | undefined> {
    return mergeKeys(this.prefix, (await this.api.getKeys(this.prefix)).value);
  }

  /** While Consul is away its last word holds; what has changed meanwhile is told when it is back. */
  watch(listener: RemoteConfigListener): () => void {
    let away = false;
    let again: (() => void) | undefined;
    const tell = (keys: Parameters<typeof mergeKeys>[1]): void => {
      let value: ConfigTree | undefined;
      try {
        value = mergeKeys(this.prefix, keys);
      } catch (error) {
        again = () => listener.refused(error as Error);
        return again();
      }
      again = () => listener.changed(value);
      again();
    };
    const onError = (error: unknown, where: string): void => {
      away = true;
      this.api.options.onError(error, where);
      listener.away(error as Error);
    };
    const query = new BlockingQuery(
      { ...this.api.options, onError },
      async (block) => {
        const keys = await this.api.getKeys(this.prefix, block);
        if (away) again?.();
        away = false;
        return keys;
      },
      tell,
      `configuration in ${this.where}`,
    );
    this.watches.add(query);
    return () => {
      query.end();
      this.watches.delete(query);
    };
  }

  async close(): Promise<void> {
    for (const query of this.watches) query.end();
    this.api.close();
  }
}
