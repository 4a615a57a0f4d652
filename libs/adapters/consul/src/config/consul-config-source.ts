import { BlockingQuery } from '../api/blocking-query.js';
import { ConsulApi } from '../api/consul-api.js';
import type { ConsulOptions } from '../api/options.js';
import { mergeKeys } from './merge-keys.js';

export interface ConsulConfigSourceOptions extends ConsulOptions {
  /** Where the configuration is; default `signalbox/config`. */
  readonly prefix?: string;
}

/** Configuration kept in Consul, as the text that a configuration file would have (see {@link mergeKeys}). */
export class ConsulConfigSource {
  private readonly api: ConsulApi;
  private readonly prefix: string;
  private readonly watches = new Set<{ end(): void }>();

  /** Connects when it is first used. @throws RangeError for a URL that is not one of HTTP */
  constructor(options: ConsulConfigSourceOptions) {
    this.api = new ConsulApi(options);
    this.prefix = (options.prefix ?? 'signalbox/config').replace(/^\/+|\/+$/g, '');
  }

  /**
   * @returns a JSON object as text; undefined when there is none
   * @throws ConsulError when Consul cannot be asked; Error naming the key of a value that cannot be right
   */
  async load(): Promise<string | undefined> {
    return this.textOf((await this.api.getKeys(this.prefix)).value);
  }

  /**
   * Tells the configuration at once and after each change. Values that cannot be right are told to `onError`, and what
   * was told before holds.
   * @returns a function that ends the watch
   */
  watch(listener: (text: string | undefined) => void): () => void {
    const query = new BlockingQuery(
      this.api.options,
      (block) => this.api.getKeys(this.prefix, block),
      (keys) => listener(this.textOf(keys)),
      `configuration in ${this.prefix}`,
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

  private textOf(keys: Parameters<typeof mergeKeys>[1]): string | undefined {
    const merged = mergeKeys(this.prefix, keys);
    return merged && JSON.stringify(merged);
  }
}
