import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import {
  INSTANCE_HEARTBEAT,
  instanceHeartbeatSchema,
  instanceLoadSchema,
  newId,
  type InstanceHeartbeat,
  type ServiceInstance,
} from '@signalbox/contracts';
import { isSilent } from '@signalbox/domain/cluster';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { Consumer } from '@signalbox/ports';
import * as z from 'zod';

/** Instances whose reports are kept; further ones are not, until somebody was forgotten. */
const MAX_INSTANCES = 10_000;
/** Time without a heartbeat after which an instance is forgotten, milliseconds. */
const FORGET_MS = 3_600_000;

export const shownLoadSchema = instanceLoadSchema.extend({
  at: z.string().describe('When it was reported, RFC 3339'),
  stale: z.boolean().describe('Whether three reports have failed to come since'),
  startedAt: z.string().describe('When the service was started, RFC 3339'),
});
export type ShownLoad = z.infer<typeof shownLoadSchema>;

interface Heard {
  readonly beat: InstanceHeartbeat;
  /** By this process's clock: those of two machines may differ. */
  readonly heardAt: number;
}

/** The newest heartbeat of each instance, from the bus: every registry hears all of them, and none is in the log. */
@Injectable()
export class LoadBoard implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #heard = new Map<string, Heard>();
  readonly #listeners = new Set<(beat: InstanceHeartbeat) => void>();
  #consumer: Consumer | undefined;

  constructor(@InjectContext() private readonly context: ServiceContext) {}

  async onApplicationBootstrap(): Promise<void> {
    const { ports, instanceId } = this.context;
    this.#consumer = await ports.bus.consume(
      {
        name: `mcp.registry.${instanceId}.heartbeats.${newId()}`,
        topics: [INSTANCE_HEARTBEAT],
        exclusive: true,
        transient: true,
      },
      ({ body }) => this.#hear(body),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#listeners.clear();
    await this.#consumer?.cancel();
  }

  /** The run of an instance that was heard of last; undefined for one that never was. */
  runOf(instanceId: string): string | undefined {
    return this.#heard.get(instanceId)?.beat.run;
  }

  /** Those that have been heard of and are silent now. */
  silent(): InstanceHeartbeat[] {
    return [...this.#heard.values()].filter((heard) => this.#isStale(heard)).map(({ beat }) => beat);
  }

  /** Hears of each heartbeat. @returns a function that ends that */
  onBeat(listener: (beat: InstanceHeartbeat) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The load of an instance as it was reported last. */
  loadOf(instanceId: string): ShownLoad | undefined {
    const heard = this.#heard.get(instanceId);
    if (!heard) return undefined;
    const { at, startedAt, load } = heard.beat;
    const times = { at: new Date(at).toISOString(), startedAt: new Date(startedAt).toISOString() };
    return { ...load, ...times, stale: this.#isStale(heard) };
  }

  /** An instance with its load as it is now; the same object where none was reported. */
  withLoad<T extends Pick<ServiceInstance, 'id' | 'capacity'>>(instance: T): T & { load?: ShownLoad } {
    const load = this.loadOf(instance.id);
    return load ? { ...instance, capacity: { ...instance.capacity, currentLoad: load.running }, load } : instance;
  }

  #hear(body: unknown): void {
    const { success, data } = instanceHeartbeatSchema.safeParse(body);
    if (!success) return;
    if (!this.#heard.has(data.instanceId) && this.#heard.size >= MAX_INSTANCES && !this.#forgetOld()) return;
    this.#heard.set(data.instanceId, { beat: data, heardAt: performance.now() });
    for (const listener of this.#listeners) listener(data);
  }

  #isStale({ beat, heardAt }: Heard): boolean {
    return isSilent(heardAt, beat.intervalMs, performance.now());
  }

  #forgetOld(): boolean {
    const oldest = performance.now() - FORGET_MS;
    for (const [id, { heardAt }] of this.#heard) if (heardAt < oldest) this.#heard.delete(id);
    return this.#heard.size < MAX_INSTANCES;
  }
}
