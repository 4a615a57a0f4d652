import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { UpstreamSettings } from '@signalbox/contracts';
import { InjectConfig } from '@signalbox/nest-kit';
import type { ConfigSource } from '@signalbox/ports';

/** The settings of the configured servers, as they are now. */
@Injectable()
export class ServerSettings implements BeforeApplicationShutdown {
  #byName: ReadonlyMap<string, UpstreamSettings>;
  readonly #end: (() => void) | undefined;

  constructor(@InjectConfig() private readonly config: ConfigSource) {
    this.#byName = this.#read();
    this.#end = config.live?.onChange(() => (this.#byName = this.#read()));
  }

  beforeApplicationShutdown(): void {
    this.#end?.();
  }

  of(server: string): UpstreamSettings | undefined {
    return this.#byName.get(server);
  }

  has(server: string): boolean {
    return this.#byName.has(server);
  }

  names(): Iterable<string> {
    return this.#byName.keys();
  }

  #read(): ReadonlyMap<string, UpstreamSettings> {
    return new Map(this.config.servers.map(({ name, settings }) => [name, settings]));
  }
}
