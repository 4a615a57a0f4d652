import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { EVENTS, type ServiceInstance } from '@signalbox/contracts';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import { decodeCommit, LogFollower } from '@signalbox/runtime';
import { foldServer, SERVER_EVENT_TYPES, type ServerOverview } from './server-overview.js';

export interface Overview {
  readonly version: string;
  /** RFC 3339. */
  readonly now: string;
  readonly services: readonly Pick<
    ServiceInstance,
    'id' | 'serviceName' | 'host' | 'port' | 'status' | 'lastUpdateTime'
  >[];
  readonly servers: readonly ServerOverview[];
  readonly log: { readonly partitions: number; readonly commits: number };
  readonly deadLetters: number;
  /** For what a browser can subscribe to. */
  readonly eventTypes: readonly string[];
}

const RELEVANT: ReadonlySet<string> = new Set(SERVER_EVENT_TYPES);
const MAX_DEAD_LETTERS_COUNTED = 1000;

/** What the dashboard shows beside events and calls; servers and their tools are followed from the log, in memory. */
@Injectable()
export class OverviewService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #servers = new Map<string, ServerOverview>();
  readonly #follower: LogFollower;

  constructor(@InjectContext() private readonly context: ServiceContext) {
    this.#follower = new LogFollower(context.ports.events, {
      from: {},
      // servers are entities; calls have partitions of their own
      partitions: (name) => name.startsWith('entity-'),
      onCommits: (commits) => {
        for (const commit of commits) {
          if (!commit.types.some((type) => RELEVANT.has(type))) continue;
          for (const event of decodeCommit(commit)) foldServer(this.#servers, event);
        }
      },
      onError: (error) => context.logger?.warn({ err: error }, 'following servers for the dashboard'),
    });
  }

  onApplicationBootstrap(): void {
    this.#follower.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#follower.stop();
  }

  async read(): Promise<Overview> {
    const { ports, version } = this.context;
    const [instances, heads, deadLetters] = await Promise.all([
      ports.directory.findServices({}),
      ports.events.partitions(),
      ports.bus.deadLetters({ limit: MAX_DEAD_LETTERS_COUNTED }),
    ]);
    return {
      version,
      now: new Date(ports.clock.now()).toISOString(),
      services: instances
        .map(({ id, serviceName, host, port, status, lastUpdateTime }) => ({
          id,
          serviceName,
          host,
          port,
          status,
          lastUpdateTime,
        }))
        .toSorted((a, b) => a.port - b.port || a.id.localeCompare(b.id)),
      servers: [...this.#servers.values()].toSorted((a, b) => a.name.localeCompare(b.name)),
      log: { partitions: heads.length, commits: heads.reduce((sum, { position }) => sum + position, 0) },
      deadLetters: deadLetters.length,
      eventTypes: Object.keys(EVENTS),
    };
  }
}
