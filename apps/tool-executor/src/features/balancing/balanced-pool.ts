import type { HttpTarget, InstanceSpec, UpstreamDefinition } from '@signalbox/contracts';
import { balancingSchema } from '@signalbox/contracts';
import { chooserOf, outliersOf, type Chooser } from '@signalbox/domain/balancing';
import { CancelledError, DeadlineError, UpstreamClosedError, UpstreamProtocolError } from '@signalbox/mcp';
import type { UpstreamConnection } from '@signalbox/mcp';
import type { Clock } from '@signalbox/ports';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecutorConfig } from '../../config.js';
import type { Pool } from '../pools/pool.js';
import type { PooledConnection } from '../pools/pooled-connection.js';
import type { PoolStatistics, Slot } from '../pools/slot.js';
import type { ConnectionPool, Wanted } from './connection-pool.js';
import { hashKey } from './hash-key.js';
import { Instance } from './instance.js';
import type { InstanceLog } from './instance-log.js';
import { InstanceWatch, SESSION_EXPIRED } from './instance-watch.js';
import { pickInstance } from './pick-instance.js';

export interface BalancedPoolHooks {
  makePool(url: string): Pool<PooledConnection>;
  /** Opens a connection that only looks whether the instance answers. */
  watch(url: string): Promise<UpstreamConnection>;
  /** An instance answers again. */
  up(): void;
  /** An instance does not answer any more. */
  down(url: string, reason: string): void;
}

export interface BalancedPoolDeps {
  readonly config: Pick<ExecutorConfig, 'balancing' | 'ping' | 'restart' | 'lifecycle'>;
  readonly clock: Clock;
  readonly log: InstanceLog;
}

const DEFAULTS = balancingSchema.parse({});
/** Sessions whose instance is remembered; the oldest are forgotten first, and are found by their connection then. */
const MAX_STICKY = 100_000;
const DRAIN_POLL_MS = 50;
/** Nobody listens there, or nothing is there: so the system says it, and undici hands it on in its text. */
const NOBODY_THERE = /ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND/;

/** One pool for each instance of a server, and the choice between them. */
export class BalancedPool implements ConnectionPool {
  #instances: Instance[] = [];
  #chooser: Chooser;
  #policy: string;
  #begun = false;
  #closed = false;
  /** Set when a connection turned out to have no session: then its clients may go to any instance. */
  #isSessionless = false;
  #judgeAt = 0;
  readonly #sticky = new Map<string, Instance>();
  readonly #of = new WeakMap<Slot<PooledConnection>, Instance>();
  readonly #leaving = new Set<Instance>();

  constructor(
    private readonly definition: () => UpstreamDefinition,
    private readonly deps: BalancedPoolDeps,
    private readonly hooks: BalancedPoolHooks,
  ) {
    this.#policy = this.#settings.policy;
    this.#chooser = chooserOf(this.#settings.policy);
    this.#instances = this.#specs.map((spec) => this.#make(spec));
  }

  get instances(): readonly Instance[] {
    return this.#instances;
  }

  /** Whether there is one that can be tried. */
  get hasOneUp(): boolean {
    return this.#instances.some(({ state }) => state !== 'down');
  }

  /** Whether one that is none of these is well and takes requests. */
  hasOther(avoided: ReadonlySet<string>): boolean {
    const now = this.deps.clock.now();
    const { maxInFlight } = this.#settings;
    return this.#instances.some((one) => !avoided.has(one.id) && one.isFit(now) && one.inFlight < maxInFlight);
  }

  /** Begins to look after the instances. */
  begin(): void {
    if (this.#begun || this.#closed) return;
    this.#begun = true;
    for (const instance of this.#instances) this.#watch(instance);
  }

  /** Takes the instances and settings that the definition has now. Connections to those that stay are left alone. */
  reconfigure(): void {
    const { policy } = this.#settings;
    if (policy !== this.#policy) this.#chooser = chooserOf(policy);
    this.#policy = policy;
    const known = new Map(this.#instances.map((instance) => [instance.id, instance]));
    this.#instances = this.#specs.map((spec) => {
      const instance = known.get(spec.url);
      if (!instance) return this.#made(spec);
      known.delete(spec.url);
      instance.spec = spec;
      return instance;
    });
    for (const instance of known.values()) void this.#letGo(instance);
  }

  acquire(key: string, deadline: number, wanted?: Wanted): Slot<PooledConnection> | Promise<Slot<PooledConnection>> {
    let instance: Instance;
    try {
      instance = this.#instanceFor(key, wanted);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    instance.take();
    const slot = instance.pool.acquire(key, deadline);
    if (slot instanceof Promise) return this.#awaited(instance, slot);
    this.#of.set(slot, instance);
    return slot;
  }

  release(slot: Slot<PooledConnection>): void {
    const instance = this.#of.get(slot);
    instance?.giveBack();
    instance?.pool.release(slot);
  }

  /** What came of a request over a connection of this pool. @param error what it was rejected with, if it was */
  settled({ url }: PooledConnection, error: unknown): void {
    const instance = this.#instances.find(({ id }) => id === url);
    if (instance) this.#ended(instance, error);
  }

  *slots(): Generator<Slot<PooledConnection>> {
    for (const { pool } of this.#all()) yield* pool.slots();
  }

  bound(key: string): Slot<PooledConnection> | undefined {
    for (const { pool } of this.#all()) {
      const slot = pool.bound(key);
      if (slot) return slot;
    }
    return undefined;
  }

  async destroy(slot: Slot<PooledConnection>, reason: string): Promise<void> {
    const instance = this.#all().find(({ id }) => id === slot.resource.url);
    if (this.#sticky.get(slot.key) === instance) this.#sticky.delete(slot.key);
    await instance?.pool.destroy(slot, reason);
  }

  /** At every instance: a key may have been at another before. */
  async end(key: string, reason: string): Promise<void> {
    this.#sticky.delete(key);
    await Promise.all(this.#all().map(({ pool }) => pool.end(key, reason)));
  }

  async fill(): Promise<void> {
    await Promise.allSettled(this.#instances.map(({ pool }) => pool.fill()));
  }

  async sweep(): Promise<void> {
    await Promise.all(this.#instances.map(({ pool }) => pool.sweep()));
  }

  statistics(): PoolStatistics {
    const all = this.#all().map(({ pool }) => pool.statistics());
    const sum = { ...all[0]! } as Record<keyof PoolStatistics, number>;
    for (const one of all.slice(1))
      for (const name in one) sum[name as keyof PoolStatistics] += one[name as keyof PoolStatistics];
    return sum;
  }

  async close(reason: string): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#all().map((instance) => end(instance, reason)));
  }

  get #settings() {
    return this.definition().settings.balancing ?? DEFAULTS;
  }

  get #specs(): readonly InstanceSpec[] {
    return (this.definition().target as HttpTarget).instances ?? [];
  }

  #all(): Instance[] {
    return this.#leaving.size === 0 ? this.#instances : [...this.#instances, ...this.#leaving];
  }

  #instanceFor(key: string, wanted: Wanted | undefined): Instance {
    const now = this.deps.clock.now();
    this.#judge(now);
    const settings = this.#settings;
    const sticks = key !== '' && !key.startsWith('~') && !this.#isSessionless;
    if (sticks) {
      const before = this.#sticky.get(key) ?? this.#instances.find(({ pool }) => pool.bound(key));
      // its session is there and nowhere else: only when it is gone another one does as well
      if (before && before.state !== 'down') return before;
    }
    const chosen = pickInstance(this.#instances, {
      now,
      maxInFlight: settings.maxInFlight,
      chooser: this.#chooser,
      key: this.#policy === 'consistent-hash' ? hashKey(settings, wanted, key) : '',
      avoided: wanted?.avoided,
    });
    if (sticks) this.#stick(key, chosen);
    return chosen;
  }

  #stick(key: string, instance: Instance): void {
    this.#sticky.delete(key);
    this.#sticky.set(key, instance);
    if (this.#sticky.size > MAX_STICKY) this.#sticky.delete(this.#sticky.keys().next().value!);
  }

  async #awaited(instance: Instance, leased: Promise<Slot<PooledConnection>>): Promise<Slot<PooledConnection>> {
    let isGivenUp = false;
    leased.then(
      (slot) => isGivenUp && instance.pool.release(slot),
      () => undefined,
    );
    try {
      const slot = await instance.orDown(leased);
      this.#of.set(slot, instance);
      const { dialect, sessionId } = slot.resource.connection;
      if (dialect.transport === 'http' && sessionId === undefined) this.#isSessionless = true;
      return slot;
    } catch (error) {
      isGivenUp = true;
      instance.giveBack();
      this.#ended(instance, error);
      throw error;
    }
  }

  #ended(instance: Instance, error: unknown): void {
    if (error instanceof CancelledError) return;
    const isGone = error instanceof UpstreamClosedError && error.message !== SESSION_EXPIRED;
    const isFault = error instanceof UpstreamProtocolError && (error.status ?? 0) >= 500;
    const isBad = isGone || isFault || error instanceof DeadlineError;
    // what it answered is not what is asked here
    const isGood = !isBad && (error === undefined || error instanceof UpstreamProtocolError);
    if (!isBad && !isGood) return;
    const reason = error === undefined ? '' : (error as Error).message;
    instance.ended(isGood, isGone || isFault, this.deps.clock.now(), reason);
    if (!isGone) return;
    if (NOBODY_THERE.test(reason)) this.#heard(instance, 'down', reason);
    instance.watch?.poke();
  }

  /** Puts those out that fail much more often than the others; not more often than it takes for a window to fill. */
  #judge(now: number): void {
    if (now < this.#judgeAt || this.#instances.length < 2) return;
    const { outlier } = this.deps.config.balancing;
    this.#judgeAt = now + outlier.intervalMs;
    const tallies = this.#instances.map((instance) => instance.tally(now, outlier.windowMs));
    for (const { id, requests, failures } of outliersOf(tallies, outlier)) {
      const instance = this.#instances.find((one) => one.id === id)!;
      const forMs = Math.min(outlier.ejectMs * 2 ** instance.ejections, outlier.maxEjectMs);
      instance.eject(now, forMs, `${failures} of ${requests} requests failed, far more than with the others`);
    }
  }

  #made(spec: InstanceSpec): Instance {
    const instance = this.#make(spec);
    if (this.#begun && !this.#closed) this.#watch(instance);
    return instance;
  }

  #make(spec: InstanceSpec): Instance {
    return new Instance(spec, this.hooks.makePool(spec.url), this.deps.config.balancing.breaker, this.deps.log);
  }

  #watch(instance: Instance): void {
    const { ping, restart } = this.deps.config;
    const { timeoutMs, missed } = ping;
    const intervalMs = this.definition().settings.health.intervalMs ?? ping.intervalMs;
    instance.watch = new InstanceWatch(
      { intervalMs, timeoutMs, missed, retry: { minMs: restart.minMs, maxMs: Math.min(restart.maxMs, MAX_RETRY_MS) } },
      {
        connect: () => this.hooks.watch(instance.id),
        heard: (state, reason) => this.#heard(instance, state, reason),
      },
    );
  }

  #heard(instance: Instance, state: Instance['state'], reason: string): void {
    if (!instance.is(state, reason)) return;
    if (state === 'down') this.hooks.down(instance.id, reason);
    else if (state === 'up') this.hooks.up();
  }

  /** It is no longer among the instances: what runs on it may finish. */
  async #letGo(instance: Instance): Promise<void> {
    for (const [key, at] of this.#sticky) if (at === instance) this.#sticky.delete(key);
    this.#leaving.add(instance);
    const until = performance.now() + this.deps.config.lifecycle.drainMs;
    while (instance.inFlight > 0 && performance.now() < until && !this.#closed) await delay(DRAIN_POLL_MS);
    await end(instance, 'this instance is no longer one of the server').finally(() => this.#leaving.delete(instance));
  }
}

/** One that is back is to get calls before ten seconds are over. */
const MAX_RETRY_MS = 5_000;

async function end({ pool, watch }: Instance, reason: string): Promise<void> {
  await Promise.allSettled([pool.close(reason), watch?.stop(reason)]);
}
