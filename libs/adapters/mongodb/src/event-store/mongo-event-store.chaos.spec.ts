import { newId, pinnedStream, type NewEvent } from '@signalbox/contracts';
import {
  ClaimConflictError,
  StoreUnavailableError,
  type AppendRequest,
  type AppendResult,
  type Commit,
  type EventStore,
} from '@signalbox/ports';
import { describeWithServers, ToxicWay, waitFor } from '@signalbox/testing';
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databasePerTest } from '../../test/database-per-test.js';
import { MongoEventStore } from './mongo-event-store.js';

const PARTITIONS = ['gateway-1', 'tool-executor-1'];
const WRITERS = 16;
/** An append is tried for 3 s, and the last try may take 2 s more. */
const PROMPT_MS = 6_500;
const RESUME_MS = 10_000;

interface Acknowledged {
  readonly request: AppendRequest;
  readonly result: AppendResult;
}

/** Appends as services do: what is unavailable is tried again with the same commitId. */
class Load {
  readonly acknowledged: Acknowledged[] = [];
  readonly lost: AppendRequest[] = [];
  readonly refusedAfterMs: number[] = [];
  lastSuccess = 0;
  private going = true;
  private readonly loops: Promise<void>[] = [];

  constructor(
    private readonly store: EventStore,
    private readonly who: string,
  ) {
    for (let writer = 0; writer < WRITERS; writer++) this.loops.push(this.loop(writer));
  }

  async end(): Promise<void> {
    this.going = false;
    await Promise.all(this.loops);
  }

  private async loop(writer: number): Promise<void> {
    for (let n = 0; this.going; n++) {
      const partition = PARTITIONS[(writer + n) % PARTITIONS.length]!;
      const key = newId();
      const claims = n % 4 === 0 ? [`attempt:${writer}:${n}`] : undefined;
      await this.append({
        stream: pinnedStream('call', partition, key),
        expectedVersion: 0,
        commitId: `${this.who}.${key}`,
        events: [{ id: newId(), type: 'test.happened', schemaVersion: 1, data: { writer, n } } as unknown as NewEvent],
        ...(claims && { claims }),
        metadata: { actor: this.who, correlationId: key },
      });
    }
  }

  private async append(request: AppendRequest): Promise<void> {
    for (;;) {
      const started = performance.now();
      try {
        this.acknowledged.push({ request, result: await this.store.append(request) });
        this.lastSuccess = performance.now();
        return;
      } catch (error) {
        if (error instanceof ClaimConflictError) return void this.lost.push(request);
        if (!(error instanceof StoreUnavailableError)) throw error;
        this.refusedAfterMs.push(performance.now() - started);
        await delay(20);
      }
    }
  }
}

async function readAll(store: EventStore, partition: string): Promise<Commit[]> {
  const commits: Commit[] = [];
  for (;;) {
    const more = await store.readPartition(partition, commits.length, 512, { stored: true });
    if (more.length === 0) return commits;
    commits.push(...more);
  }
}

function expectUnbroken(commits: readonly Commit[]): void {
  let previous = '';
  commits.forEach((commit, index) => {
    expect(commit.position).toBe(index + 1);
    expect(commit.previousHash).toBe(previous);
    previous = createHash('sha256').update(previous).update(commit.body).digest('hex');
    expect(commit.hash).toBe(previous);
  });
}

describeWithServers(['MONGODB_URL', 'TOXIPROXY_URL'], 'MongoEventStore on a bad network', (url, toxiproxy) => {
  const places = databasePerTest(url);
  let place: string;
  let way: ToxicWay;
  let store: EventStore;
  let direct: EventStore;
  beforeEach(async () => {
    place = await places.newPlace();
    way = await ToxicWay.to(toxiproxy, url);
    store = await MongoEventStore.open(way.through(place));
    direct = await MongoEventStore.open(place);
  });
  afterEach(async () => {
    await Promise.all([store.close(), direct.close()]);
    await way.close();
    await places.removePlace(place);
  });

  /** Every acknowledged append is found once, where it was acknowledged, and nothing else than was asked for. */
  async function expectKept(loads: readonly Load[]): Promise<void> {
    const found = new Map<string, Commit>();
    for (const partition of PARTITIONS) {
      const commits = await readAll(direct, partition);
      expectUnbroken(commits);
      for (const commit of commits) {
        expect(found.has(commit.commitId), commit.commitId).toBe(false);
        found.set(commit.commitId, commit);
      }
    }
    for (const { request, result } of loads.flatMap((load) => load.acknowledged)) {
      expect(found.get(request.commitId)).toMatchObject({ stream: request.stream, position: result.position });
      for (const key of request.claims ?? []) {
        expect(await direct.claimHolder(key)).toMatchObject({ commitId: request.commitId });
      }
    }
    for (const { commitId } of loads.flatMap((load) => load.lost)) expect(found.has(commitId)).toBe(false);
    expect(found.size).toBe(loads.reduce((sum, load) => sum + load.acknowledged.length, 0));
  }

  const troubles = [
    ['is cut', () => way.cut()],
    ['swallows everything', () => way.swallow()],
    ['swallows answers', () => way.swallowAnswers()],
  ] as const;

  describe.each(troubles)('that %s', (_what, begin) => {
    it.each([700, 7_000])('for %i ms keeps every acknowledged append once, fails promptly, and resumes', async (ms) => {
      const load = new Load(store, 'tester-1');
      await waitFor(() => load.acknowledged.length > 200, { timeoutMs: 20_000 });
      await begin();
      await delay(ms);
      await way.restore();
      const restored = performance.now();
      await waitFor(() => load.lastSuccess > restored, { timeoutMs: RESUME_MS, what: 'an append after the outage' });
      const since = load.acknowledged.length;
      await waitFor(() => load.acknowledged.length > since + 200, { timeoutMs: 20_000 });
      await load.end();
      await store.ping();
      expect(Math.max(0, ...load.refusedAfterMs)).toBeLessThan(PROMPT_MS);
      if (ms >= 7_000) expect(load.refusedAfterMs.length).toBeGreaterThan(0);
      await expectKept([load]);
    });
  });

  it('keeps claims exact when two stores want the same ones and the network of one comes and goes', async () => {
    const loads = [new Load(store, 'tester-1'), new Load(direct, 'tester-2')];
    for (let round = 0; round < 6; round++) {
      await delay(300 + 200 * round);
      await (round % 2 ? way.swallowAnswers() : way.cut());
      await delay(400);
      await way.restore();
    }
    const restored = performance.now();
    await waitFor(() => loads.every((load) => load.lastSuccess > restored), { timeoutMs: RESUME_MS });
    await Promise.all(loads.map((load) => load.end()));
    expect(loads.flatMap((load) => load.lost).length).toBeGreaterThan(0);
    await expectKept(loads);
  });

  it('takes everything when each answer is late, and shows readers a prefix of it all the while', async () => {
    await way.delay(150, 50);
    const load = new Load(store, 'tester-1');
    let seen = 0;
    while (load.acknowledged.length < 300) {
      for (const commit of await direct.readPartition(PARTITIONS[0]!, seen)) expect(commit.position).toBe(++seen);
      await delay(5);
    }
    await load.end();
    expect(load.refusedAfterMs).toEqual([]);
    await expectKept([load]);
  });

  it('reads again after an outage, tells of it meanwhile, and wakes its listeners', async () => {
    await store.append(request('gateway-1'));
    await way.cut();
    await expect(store.ping()).rejects.toThrow(StoreUnavailableError);
    await expect(store.readPartition('nowhere', 0)).rejects.toThrow(StoreUnavailableError);
    await expect(store.find({})).rejects.toThrow(StoreUnavailableError);
    let woken = 0;
    store.onCommitted(() => woken++);
    await way.restore();
    await direct.append(request('gateway-1'));
    await waitFor(() => woken > 0, { timeoutMs: RESUME_MS, what: 'a wake-up' });
    await waitFor(async () => (await store.readPartition('gateway-1', 1)).length === 1, { timeoutMs: RESUME_MS });
    await store.ping();
  });
});

const request = (partition: string): AppendRequest => ({
  stream: pinnedStream('call', partition, newId()),
  expectedVersion: 0,
  commitId: newId(),
  events: [{ id: newId(), type: 'test.happened', schemaVersion: 1, data: {} } as unknown as NewEvent],
  metadata: { actor: 'tester', correlationId: 'c' },
});
