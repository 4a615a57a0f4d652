import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { InjectConfig } from '@signalbox/nest-kit';
import type { ConfigSource } from '@signalbox/ports';
import { parseFederationConfig, type FederationConfig } from '../../config.js';

/** What this suite shows to its peers, and which it takes, as the configuration says it now. */
@Injectable()
export class FederationSettings implements BeforeApplicationShutdown {
  #now: FederationConfig;
  readonly #end: (() => void) | undefined;

  constructor(@InjectConfig() private readonly config: ConfigSource) {
    this.#now = parseFederationConfig(config);
    this.#end = config.live?.onChange(() => (this.#now = parseFederationConfig(this.config)));
  }

  beforeApplicationShutdown(): void {
    this.#end?.();
  }

  get now(): FederationConfig {
    return this.#now;
  }

  /** A service of the suite itself, as every suite has it. */
  isBuiltIn(server: string): boolean {
    return this.config.servers.some(({ name, source }) => name === server && source === 'built-in');
  }
}
