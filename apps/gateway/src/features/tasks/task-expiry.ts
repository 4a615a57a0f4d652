import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { RecordedEvent } from '@signalbox/contracts';
import { taskExpiry, taskState } from '@signalbox/domain/task';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import { ClaimConflictError, type Candidacy, type Checkpoint, type Commit, type EventStore } from '@signalbox/ports';
import { decodeCommit, LogFollower, upcast } from '@signalbox/runtime';
import type { GatewayConfig } from '../../config.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import { UpstreamForwarder } from '../forward/upstream-forwarder.js';
import { TaskFinder } from './task-finder.js';
import { TaskLog } from './task-log.js';

export const TASK_EXPIRY = 'task-expiry';
const CREATED = 'task.created';
const PAGE = 500;
/** Longest `tasks.ttlMs` that can be configured: older tasks have expired in any case. */
const LOOK_BACK_MS = 2_592_000_000;

/**
 * Ends tasks whose time to live is over, on one gateway at a time: that is written down once, whatever gateways come and go, and
 * a call that still runs is taken back.
 */
@Injectable()
export class TaskExpiry implements OnApplicationBootstrap, BeforeApplicationShutdown {
  /** Call → when its task expires, in milliseconds since the epoch. */
  readonly #due = new Map<string, number>();
  #candidacy: Candidacy | undefined;
  #follower: LogFollower | undefined;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;

  constructor(
    private readonly finder: TaskFinder,
    private readonly log: TaskLog,
    private readonly forwarder: UpstreamForwarder,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  /** Tasks that are known and have not expired, where this gateway sees to them. */
  get size(): number {
    return this.#due.size;
  }

  onApplicationBootstrap(): void {
    const { ports, instanceId } = this.context;
    this.#candidacy = ports.leader.campaign(TASK_EXPIRY, instanceId, {
      elected: () => this.#begin(ports.events),
      deposed: () => void this.#end(),
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#end();
    await this.#candidacy?.resign();
  }

  #begin(store: EventStore): void {
    this.#follower = new LogFollower(store, {
      from: () => this.#lookBack(store),
      partitions: (name) => name.startsWith('gateway-'),
      coalesceMs: this.config.tasks.expirySweepMs / 4,
      onCommits: (commits) => this.#hear(commits),
      onError: (err) => this.context.logger?.warn({ err }, 'the expiry of tasks'),
    });
    this.#follower.start();
    this.#timer = setInterval(() => {
      this.#round ??= this.#sweep().finally(() => (this.#round = undefined));
    }, this.config.tasks.expirySweepMs);
    this.#timer.unref();
  }

  async #end(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    const follower = this.#follower;
    this.#follower = undefined;
    await follower?.stop();
    await this.#round;
    this.#due.clear();
  }

  /** The newest tasks, from which on new ones are heard of. */
  async #lookBack(store: EventStore): Promise<Checkpoint> {
    const heads = await store.partitions();
    const from = new Date(this.context.ports.clock.now() - LOOK_BACK_MS).toISOString();
    const expired = new Set<string>();
    let after: string | undefined;
    for (let left = this.config.tasks.maxLookedBack; left > 0; left -= PAGE) {
      const more = after === undefined ? {} : { after };
      const limit = Math.min(PAGE, left);
      const page = await store.find({ type: 'task.*', from, direction: 'backward', limit, ...more });
      for (const { event } of page.items) {
        const task = upcast(event);
        if (task.type === 'task.expired') expired.add(task.data.callId);
        if (task.type === CREATED && !expired.has(task.data.callId)) this.#add(task);
      }
      if (page.next === null) break;
      after = page.next;
    }
    return Object.fromEntries(heads.map(({ partition, position }) => [partition, position]));
  }

  #hear(commits: readonly Commit[]): void {
    for (const commit of commits) {
      if (!commit.types.includes(CREATED)) continue;
      for (const event of decodeCommit(commit)) if (event.type === CREATED) this.#add(event);
    }
  }

  #add({ data: { callId, ttlMs }, time }: RecordedEvent<'task.created'>): void {
    this.#due.set(callId, Date.parse(time) + ttlMs);
    // the oldest is found again when another gateway takes over
    if (this.#due.size > this.config.tasks.maxLookedBack) this.#due.delete(this.#due.keys().next().value!);
  }

  async #sweep(): Promise<void> {
    const now = this.context.ports.clock.now();
    for (const [callId, dueAt] of this.#due) {
      if (dueAt >= now) continue;
      if (!this.#timer) return;
      try {
        await this.#expire(callId);
        this.#due.delete(callId);
      } catch (err) {
        // it stays due
        return this.context.logger?.warn({ err, callId }, 'a task could not be ended');
      }
    }
  }

  async #expire(callId: string): Promise<void> {
    const { task } = await this.log.read(callId);
    if (!task.created || task.expired || this.context.ports.clock.now() <= taskExpiry(task)) return;
    const { status } = taskState(task, this.finder.patience);
    try {
      await this.log.expired(callId, status);
    } catch (error) {
      if (!(error instanceof ClaimConflictError)) throw error;
      return;
    }
    if (status !== 'working' && status !== 'input_required') return;
    this.forwarder.control({ kind: 'cancel', requestId: callId, reason: 'the task has expired' });
  }
}
