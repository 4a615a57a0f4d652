import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { UpstreamDefinition } from '@signalbox/contracts';
import { InjectContext, InjectEventLog, type ServiceContext } from '@signalbox/nest-kit';
import { Redactor, type EventLog } from '@signalbox/runtime';
import type { ExecutorConfig } from '../../config.js';
import { InjectExecutorConfig } from '../../executor-config.module.js';
import { forEachBounded } from './for-each-bounded.js';
import { locateTarget } from './locate-target.js';
import { ServerLog } from './server-log.js';
import { SessionPushes } from './session-pushes.js';
import { UpstreamServer } from './upstream-server.js';

/** All upstream servers of this executor. Each is started, kept and stopped by itself: one that is dead leaves the others whole. */
@Injectable()
export class UpstreamServers implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #servers = new Map<string, UpstreamServer>();
  readonly #redactor: Redactor;
  #sweeper: NodeJS.Timeout | undefined;
  #starting: Promise<void> = Promise.resolve();
  #stopping = false;

  constructor(
    @InjectContext() private readonly context: ServiceContext,
    @InjectExecutorConfig() private readonly config: ExecutorConfig,
    @InjectEventLog() private readonly log: EventLog,
    private readonly pushes: SessionPushes,
  ) {
    this.#redactor = new Redactor(config.redaction);
    for (const definition of context.config.servers) this.#servers.set(definition.name, this.#make(definition));
  }

  /** Does not wait for the servers: the service answers while they come up. */
  onApplicationBootstrap(): void {
    const servers = [...this.#servers.values()];
    this.#starting = this.#startAll(servers);
    this.#sweeper = setInterval(() => {
      for (const { pool } of servers) void pool.sweep();
    }, this.config.pool.sweepMs);
    this.#sweeper.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#sweeper);
    await Promise.allSettled([...this.#servers.values()].map((server) => server.close('the executor stops')));
    await this.#starting;
  }

  get(name: string): UpstreamServer | undefined {
    return this.#servers.get(name);
  }

  all(): Iterable<UpstreamServer> {
    return this.#servers.values();
  }

  async #startAll(servers: readonly UpstreamServer[]): Promise<void> {
    const { startParallel } = this.config;
    await forEachBounded(servers, startParallel, async ({ supervisor }) => {
      if (!this.#stopping) await supervisor.start();
    });
    await forEachBounded(servers, startParallel, async ({ supervisor, pool }) => {
      // one that cannot be made now is made when it is needed
      if (!this.#stopping && supervisor.state === 'running') await pool.fill().catch(() => undefined);
    });
  }

  #make(definition: UpstreamDefinition): UpstreamServer {
    const { instanceId, ports, config, version, logger } = this.context;
    return new UpstreamServer(definition, {
      config: this.config,
      clock: ports.clock,
      pushes: this.pushes,
      log: new ServerLog(definition.name, instanceId, this.log, ports.events, this.#redactor),
      env: config.env,
      version,
      locate: (target) => locateTarget(target, ports.directory),
      warn: (text) => logger?.warn({ server: definition.name }, text),
    });
  }
}
