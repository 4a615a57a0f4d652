import type { LeaderLock, Tracer } from '@signalbox/ports';
import { Relay } from '@signalbox/runtime';
import { tracersOf, type RelayPorts } from './tracers.js';

const ENTITY_PREFIX = 'entity-';
const ORPHAN_CHECK_MS = 5_000;
/** Name of what the leader of the relays leads. */
export const RELAY_LEADERSHIP = 'relay';

export interface SharedLogRelayOptions {
  /** The instances of this process, each with a partition of its own name. */
  readonly instances: readonly string[];
  /** The instances that live somewhere: each relays its partition itself. */
  readonly liveInstances: () => Promise<readonly string[]>;
  /** Time between two looks for partitions that nobody relays. Default 5000 ms. */
  readonly orphanCheckMs?: number;
  readonly onError?: (error: Error) => void;
}

/**
 * Publishes a log that several processes write to. Each process relays the partitions of its own instances; one of them,
 * the leader, also relays the entity partitions and what the partitions of instances that are gone still hold. Each partition
 * has a checkpoint of its own, so that whoever relays it goes on where the last one was. While leadership or a name changes
 * hands two may publish the same events for a moment: at least once, by the same ids.
 */
export class SharedLogRelay {
  readonly #own: readonly Relay[];
  readonly #tracerFor: (actor: string) => Tracer;
  #entities: Relay | undefined;
  readonly #orphans = new Map<string, Relay>();
  #candidacy: ReturnType<LeaderLock['campaign']> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #leads = false;
  #checking: Promise<void> = Promise.resolve();
  #ending: Promise<void> = Promise.resolve();

  constructor(
    private readonly ports: RelayPorts,
    private readonly options: SharedLogRelayOptions,
  ) {
    this.#tracerFor = tracersOf(ports, options.instances);
    this.#own = options.instances.map((instance) => this.#relay(instance, (name) => name === instance));
  }

  start(): void {
    for (const relay of this.#own) relay.start();
    this.#candidacy = this.ports.leader.campaign(RELAY_LEADERSHIP, this.options.instances[0] ?? 'relay', {
      elected: () => this.#lead(),
      deposed: () => this.#follow(),
    });
  }

  /** Ends after what is in hand, and stores the checkpoints. */
  async stop(): Promise<void> {
    this.#follow();
    await Promise.allSettled([this.#checking, this.#ending, ...this.#own.map((relay) => relay.stop())]);
    // the next leader goes on at the checkpoints that are stored by now
    await this.#candidacy?.resign();
    await this.#ending;
  }

  get leads(): boolean {
    return this.#leads;
  }

  #lead(): void {
    this.#leads = true;
    this.#entities = this.#relay('entities', (name) => name.startsWith(ENTITY_PREFIX));
    this.#entities.start();
    this.#checkLater(0);
  }

  #follow(): void {
    this.#leads = false;
    clearTimeout(this.#timer);
    const ending = [this.#entities, ...this.#orphans.values()].filter((relay) => relay !== undefined);
    this.#entities = undefined;
    this.#orphans.clear();
    this.#ending = Promise.allSettled([this.#ending, ...ending.map((relay) => relay.stop())]).then(() => undefined);
  }

  #checkLater(ms = this.options.orphanCheckMs ?? ORPHAN_CHECK_MS): void {
    this.#timer = setTimeout(() => {
      this.#checking = this.#checkOrphans()
        .catch((error: unknown) => this.options.onError?.(error as Error))
        .then(() => (this.#leads ? this.#checkLater() : undefined));
    }, ms).unref();
  }

  async #checkOrphans(): Promise<void> {
    const live = new Set([...(await this.options.liveInstances()), ...this.options.instances]);
    const heads = await this.ports.events.partitions();
    for (const { partition, position } of heads) {
      if (partition.startsWith(ENTITY_PREFIX)) continue;
      const relay = this.#orphans.get(partition);
      const orphaned = !live.has(partition) && (await this.#published(partition)) < position;
      if (!this.#leads) return;
      if (orphaned && relay === undefined) {
        const started = this.#relay(partition, (name) => name === partition);
        this.#orphans.set(partition, started);
        started.start();
      } else if (!orphaned && relay !== undefined) {
        this.#orphans.delete(partition);
        await relay.stop();
      }
    }
  }

  async #published(partition: string): Promise<number> {
    return (await this.ports.readModels.checkpoint(checkpointName(partition)))[partition] ?? 0;
  }

  #relay(name: string, partitions: (name: string) => boolean): Relay {
    const { events, bus, readModels } = this.ports;
    return new Relay(events, bus, readModels, {
      name: checkpointName(name),
      partitions,
      tracerFor: this.#tracerFor,
      onError: (error) => this.options.onError?.(error),
    });
  }
}

function checkpointName(partition: string): string {
  return `relay.${partition}`;
}
