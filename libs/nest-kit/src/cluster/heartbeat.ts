import { INSTANCE_HEARTBEAT, newId, SILENT_AFTER, type InstanceHeartbeat } from '@signalbox/contracts';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import type { ServiceContext } from '../service-context.js';
import type { LoadMeter } from './load-meter.js';

export const DEFAULT_HEARTBEAT_MS = 5_000;
/** Time between two samples of the lag of timers, milliseconds. */
const LAG_SAMPLE_MS = 50;

/** Tells all registries how busy an instance is, as long as it runs: a message on the bus, and nothing in the log. */
export class Heartbeat {
  readonly #lag = monitorEventLoopDelay({ resolution: LAG_SAMPLE_MS });
  readonly #startedAt: number;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #pending = false;
  #failing = false;

  /** @param run of the service: another one for each start */
  constructor(
    private readonly context: ServiceContext,
    private readonly run: string,
    private readonly meter: LoadMeter,
    private readonly capacity: number,
  ) {
    this.#startedAt = context.ports.clock.now();
    this.#intervalMs = context.heartbeatMs ?? DEFAULT_HEARTBEAT_MS;
  }

  start(): void {
    this.#lag.enable();
    this.#beat();
    this.#timer = setInterval(() => this.#beat(), this.#intervalMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#lag.disable();
  }

  /** The one before must be gone: while the bus is away they do not pile up. */
  #beat(): void {
    if (this.#pending) return;
    this.#pending = true;
    const body = this.#read();
    const expiresAt = body.at + SILENT_AFTER * body.intervalMs;
    this.context.ports.bus
      .publish({ id: newId(), type: INSTANCE_HEARTBEAT, body, expiresAt }, { persistent: false })
      .then(
        () => (this.#failing = false),
        (error: unknown) => {
          if (!this.#failing) this.context.logger?.warn({ err: error }, 'a heartbeat could not be sent');
          this.#failing = true;
        },
      )
      .finally(() => (this.#pending = false));
  }

  #read(): InstanceHeartbeat {
    const { instanceId, service, ports } = this.context;
    const lagMs = this.#lag.count === 0 ? 0 : Math.max(0, this.#lag.percentile(99) / 1e6 - LAG_SAMPLE_MS);
    this.#lag.reset();
    return {
      instanceId,
      serviceName: service,
      run: this.run,
      startedAt: this.#startedAt,
      at: ports.clock.now(),
      intervalMs: this.#intervalMs,
      load: {
        ...this.meter.read(),
        capacity: this.capacity,
        eventLoopLagMs: Math.round(lagMs),
        memoryBytes: process.memoryUsage.rss(),
      },
    };
  }
}
