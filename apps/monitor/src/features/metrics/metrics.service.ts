import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectContext, InjectMetrics, ProjectionHost, type ServiceContext } from '@signalbox/nest-kit';
import { LogFollower } from '@signalbox/runtime';
import { Gauge, type Registry } from 'prom-client';
import type { MonitorConfig } from '../../config.js';
import { InjectMonitorConfig } from '../../monitor-config.module.js';
import { CallMetrics } from './call-metrics.js';

const FOLLOW_BATCH = 500;
/** Often enough for the store to have the commits in memory still, however many calls there are. */
const FOLLOW_COALESCE_MS = 50;
const MAX_DEAD_LETTERS_COUNTED = 1000;

/** Product metrics beside the default ones: counted from the log as it grows, gauges read when they are asked for. */
@Injectable()
export class MetricsService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #follower: LogFollower;

  constructor(
    @InjectContext() private readonly context: ServiceContext,
    @InjectMetrics() private readonly registry: Registry,
    @InjectMonitorConfig() config: MonitorConfig,
    private readonly projections: ProjectionHost,
  ) {
    const { ports, logger } = context;
    const calls = new CallMetrics(registry, config.metrics);
    this.#follower = new LogFollower(ports.events, {
      from: async () =>
        Object.fromEntries((await ports.events.partitions()).map((head) => [head.partition, head.position])),
      onCommits: (commits) => calls.count(commits),
      batch: FOLLOW_BATCH,
      coalesceMs: FOLLOW_COALESCE_MS,
      onError: (error) => logger?.warn({ err: error }, 'following the log for metrics'),
    });
  }

  onApplicationBootstrap(): void {
    this.#addGauges();
    this.#follower.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#follower.stop();
  }

  #addGauges(): void {
    const { events, bus } = this.context.ports;
    this.#gauge(
      'signalbox_log_head_position',
      'Position of the newest commit of each partition',
      ['partition'],
      async (gauge) => {
        for (const { partition, position } of await events.partitions()) gauge.set({ partition }, position);
      },
    );
    this.#gauge(
      'signalbox_projection_lag_commits',
      'Commits that a projection has yet to read',
      ['projection'],
      async (gauge) => {
        for (const runner of this.projections.all()) {
          const { name, lag } = runner.status();
          gauge.set({ projection: name }, lag);
        }
      },
    );
    this.#gauge(
      'signalbox_dead_letters',
      `Parked messages by queue; at most ${MAX_DEAD_LETTERS_COUNTED} are counted`,
      ['queue'],
      async (gauge) => {
        for (const { queue } of await bus.deadLetters({ limit: MAX_DEAD_LETTERS_COUNTED })) gauge.inc({ queue });
      },
    );
  }

  #gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    read: (gauge: Gauge<Label>) => Promise<void>,
  ): void {
    const gauge: Gauge<Label> = new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      // a port that does not answer leaves its gauge out; readiness says why
      collect: async () => {
        gauge.reset();
        await read(gauge).catch(() => gauge.reset());
      },
    });
  }
}
