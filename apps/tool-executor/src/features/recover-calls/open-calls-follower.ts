import type { Checkpoint, Commit, EventStore } from '@signalbox/ports';
import { decodeCommit, LogFollower, upcast } from '@signalbox/runtime';
import type { ExecutorConfig } from '../../config.js';
import { OpenCalls, type Requested } from './open-calls.js';

const PAGE = 500;
const FOLLOW_COALESCE_MS = 50;
const REQUESTED = 'tool.call.requested';
const ENDINGS: ReadonlySet<string> = new Set([
  'tool.call.completed',
  'tool.call.cancelled',
  'tool.call.expired',
  'tool.call.outcome_unknown',
]);

/** Keeps {@link OpenCalls} by the log: the newest requests of before the start, and all since. */
export class OpenCallsFollower {
  readonly calls: OpenCalls;
  readonly #follower: LogFollower;

  constructor(
    private readonly store: EventStore,
    private readonly config: ExecutorConfig['recovery'],
    onError: (error: Error) => void,
  ) {
    this.calls = new OpenCalls({
      max: config.maxOpenCalls,
      firstMs: config.requeueAfterMs,
      maxWaitMs: Math.max(config.requeueAfterMs, config.graceMs, config.sweepMs),
    });
    this.#follower = new LogFollower(store, {
      from: () => this.#lookBack(),
      partitions: (name) => name.startsWith('gateway-') || name.startsWith('tool-executor-'),
      // often enough for the store to have the commits in memory still, however many calls there are
      coalesceMs: Math.min(FOLLOW_COALESCE_MS, config.sweepMs / 4),
      onCommits: (commits) => this.#hear(commits),
      onError,
    });
  }

  start(): void {
    this.#follower.start();
  }

  async stop(): Promise<void> {
    await this.#follower.stop();
    this.calls.clear();
  }

  #hear(commits: readonly Commit[]): void {
    const ended = new Set<string>();
    for (const { types, correlationId } of commits) {
      // a failure may be that of a lost attempt, which another follows: the log is asked when it is due
      if (types.some((type) => ENDINGS.has(type))) ended.add(correlationId);
    }
    for (const commit of commits) {
      // most calls end in the batch in which they begin: their arguments need not be looked at
      if (!commit.types.includes(REQUESTED) || ended.has(commit.correlationId)) continue;
      for (const event of decodeCommit(commit)) if (event.type === REQUESTED) this.calls.add(event);
    }
    for (const callId of ended) this.calls.delete(callId);
  }

  /** Where to follow from, when the newest requests before have been added. */
  async #lookBack(): Promise<Checkpoint> {
    const heads = await this.store.partitions();
    const found: Requested[] = [];
    let after: string | undefined;
    while (found.length < this.config.maxLookedBack) {
      const page = await this.store.find({
        type: REQUESTED,
        from: new Date(Date.now() - this.config.lookBackMs).toISOString(),
        direction: 'backward',
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      });
      found.push(...page.items.map(({ event }) => upcast(event) as Requested));
      if (page.next === null) break;
      after = page.next;
    }
    for (const requested of found.reverse()) this.calls.add(requested);
    return Object.fromEntries(heads.map(({ partition, position }) => [partition, position]));
  }
}
