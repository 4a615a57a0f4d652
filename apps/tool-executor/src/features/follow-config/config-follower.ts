import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import { UpstreamServers } from '../connections/upstream-servers.js';

/** Makes the upstream servers those of the configuration whenever that changes. */
@Injectable()
export class ConfigFollower implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #following: Promise<void> = Promise.resolve();
  #end: (() => void) | undefined;

  constructor(
    private readonly servers: UpstreamServers,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  onApplicationBootstrap(): void {
    this.#end = this.context.config.live?.onChange(() => void this.#follow());
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#end?.();
    await this.#following;
  }

  /** One after the other, each to what the configuration is when its turn comes. */
  #follow(): Promise<void> {
    const { config, logger } = this.context;
    this.#following = this.#following
      .then(() => this.servers.configure(config.servers))
      .then((changes) => {
        if (Object.values(changes).some((names) => names.length > 0)) logger?.info({ ...changes }, 'upstream servers');
      })
      .catch((error: unknown) => logger?.error({ err: error }, 'a change of the configuration could not be followed'));
    return this.#following;
  }
}
