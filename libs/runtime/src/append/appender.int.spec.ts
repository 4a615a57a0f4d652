import {
  StoreUnavailableError,
  VersionConflictError,
  type AppendRequest,
  type AppendResult,
  type EventStore,
} from '@signalbox/ports';
import { waitFor } from '@signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closed, openTestLog, withFaults, type TestLog } from '../../test/test-log.js';
import { Appender, type AppenderLimits } from './appender.js';

const LIMITS: AppenderLimits = { timeoutMs: 2_000, retries: 3, maxKept: 100, maxKeptBytes: 100_000 };
const stream = 'session-gateway-1-01';

let test: TestLog;
let state: 'well' | 'away' | 'silent';
let store: EventStore;
/** commitIds that reached the store while it was well, in their order. */
let reached: string[];

beforeEach(async () => {
  test = await openTestLog();
  state = 'well';
  reached = [];
  const append = (request: AppendRequest): Promise<AppendResult> => {
    if (state === 'silent') return new Promise(() => undefined);
    if (state === 'away') return Promise.reject(new StoreUnavailableError('away'));
    reached.push(request.commitId);
    return test.store.append(request);
  };
  store = withFaults(test.store, { append });
});
afterEach(() => test.close());

const request = (commitId: string, expectedVersion = 0, of = stream): AppendRequest => ({
  stream: of,
  expectedVersion,
  events: [closed(commitId)],
  commitId,
  metadata: { actor: 'gateway-1', correlationId: 'k' },
});
const appender = (limits: Partial<AppenderLimits> = {}): Appender => new Appender(store, { ...LIMITS, ...limits });

describe('append', () => {
  it('tells the caller in time that a store is silent', async () => {
    state = 'silent';
    await expect(appender({ timeoutMs: 50 }).append(request('c1'))).rejects.toThrow(
      new StoreUnavailableError('the event log did not answer within 50 ms'),
    );
  });

  it('stops trying when the time is over', async () => {
    let tries = 0;
    store = withFaults(test.store, {
      append: () => {
        tries++;
        return Promise.reject(new StoreUnavailableError('away'));
      },
    });
    await expect(appender({ timeoutMs: 100, retries: 1_000_000 }).append(request('c1'))).rejects.toThrow(
      StoreUnavailableError,
    );
    let before: number;
    await waitFor(async () => {
      before = tries;
      await new Promise((done) => setTimeout(done, 300));
      return tries === before;
    });
    expect(tries).toBeGreaterThan(1);
  });

  it('gives each its own time', async () => {
    state = 'silent';
    const limited = appender({ timeoutMs: 100 });
    const first = expect(limited.append(request('c1'))).rejects.toThrow('within 100 ms');
    await new Promise((done) => setTimeout(done, 30));
    const second = expect(limited.append(request('c2'))).rejects.toThrow('within 100 ms');
    await Promise.all([first, second]);
    state = 'well';
    expect(await limited.append(request('c3'))).toMatchObject({ position: 1 });
  });
});

describe('keep', () => {
  it('stores what a store that was away could not take, in the order of each stream', async () => {
    const keeping = appender();
    state = 'away';
    const other = 'session-gateway-1-02';
    const kept = [
      keeping.keep(request('a1')),
      keeping.keep(request('a2', 1)),
      keeping.keep(request('b1', 0, other)),
      keeping.keep(request('a3', 2)),
    ];
    await waitFor(() => keeping.kept === 4);
    state = 'well';
    const results = await Promise.all(kept);
    expect(results.map(({ firstVersion }) => firstVersion)).toEqual([1, 2, 1, 3]);
    expect(reached.filter((id) => id.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
    expect(keeping.kept).toBe(0);
  });

  it('puts a later append of the stream behind what is kept, also one that nobody would keep', async () => {
    const keeping = appender();
    state = 'away';
    const first = keeping.keep(request('a1'));
    await waitFor(() => keeping.kept === 1);
    state = 'well';
    const second = keeping.append(request('a2', 1));
    expect(await Promise.all([first, second])).toMatchObject([{ firstVersion: 1 }, { firstVersion: 2 }]);
  });

  it('says what the store refuses, and goes on with the rest', async () => {
    const keeping = appender();
    state = 'away';
    const wrong = expect(keeping.keep(request('a1', 7))).rejects.toThrow(VersionConflictError);
    const right = keeping.keep(request('b1', 0, 'session-gateway-1-02'));
    await waitFor(() => keeping.kept === 2);
    state = 'well';
    await wrong;
    expect(await right).toMatchObject({ firstVersion: 1 });
  });

  it('keeps no more than it may, and says so', async () => {
    const keeping = appender({ maxKept: 1 });
    const small = appender({ maxKeptBytes: 10 });
    state = 'away';
    const first = keeping.keep(request('a1'));
    await waitFor(() => keeping.kept === 1);
    await expect(keeping.keep(request('a2', 1))).rejects.toThrow('1 commits of');
    await expect(small.keep(request('a3'))).rejects.toThrow('there is no room for more');
    state = 'well';
    await first;
    expect(await keeping.keep(request('a2', 1))).toMatchObject({ firstVersion: 2 });
  });

  it('lets somebody wait for a while only', async () => {
    const keeping = appender({ timeoutMs: 50 });
    state = 'away';
    const kept = keeping.keep(request('a1'));
    await expect(keeping.inTime(kept)).rejects.toThrow('within 50 ms');
    state = 'well';
    expect(await kept).toMatchObject({ firstVersion: 1 });
  });
});
