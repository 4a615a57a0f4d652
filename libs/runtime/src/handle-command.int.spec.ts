import { createEvent, type NewEvent } from '@signalbox/contracts';
import { VersionConflictError } from '@signalbox/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventLog } from './event-log.js';
import { effectCommitId, handleCommand, type CommandDecider } from './handle-command.js';
import { openTestLog, withFaults, type TestLog } from '../test/test-log.js';

type Deleted = NewEvent<'resource.deleted'>;
/** Counts up to a limit, by as many events as it is asked for. */
const counter: CommandDecider<number, { by: number; limit?: number }, Deleted> = {
  initial: 0,
  evolve: (_state, event) => event.data.version,
  decide: ({ by, limit = 1000 }, state) => {
    if (state + by > limit) throw new Error(`${state + by} is over ${limit}`);
    return Array.from({ length: by }, (_, i) =>
      createEvent('resource.deleted', { collection: 'c', id: 'x', version: state + i + 1 }),
    );
  },
};

let test: TestLog;
let log: EventLog;
const stream = 'resource-c-x';
const metadata = { correlationId: 'k' };
const handle = (command: { by: number; limit?: number }, commitId: string, through = log) =>
  handleCommand({ log: through }, { decider: counter, stream, command, commitId, metadata });

beforeEach(async () => {
  test = await openTestLog();
  log = new EventLog(test.store, { service: 'resource-service', actor: 'resource-service-1' });
});
afterEach(() => test.close());

describe('handleCommand', () => {
  it('decides on what the stream says, and returns what it led to', async () => {
    expect(await handle({ by: 2 }, 'c1')).toMatchObject({ state: 2, version: 2, events: [{}, {}] });
    expect(await handle({ by: 1 }, 'c2')).toMatchObject({ state: 3, version: 3, appended: { lastVersion: 3 } });
    expect((await log.readStream<'resource.deleted'>(stream)).map(({ data }) => data.version)).toEqual([1, 2, 3]);
  });

  it('appends nothing when nothing was decided', async () => {
    await handle({ by: 2 }, 'c1');
    const outcome = await handle({ by: 0 }, 'c2');
    expect(outcome).toEqual({ state: 2, version: 2, events: [] });
  });

  it('passes a refusal on', async () => {
    await expect(handle({ by: 2, limit: 1 }, 'c1')).rejects.toThrow('2 is over 1');
    expect(await test.store.partitions()).toEqual([]);
  });

  it('loses nothing when many change the same stream', async () => {
    await Promise.all(Array.from({ length: 4 }, (_, i) => handle({ by: 1 }, `c${i}`)));
    expect((await log.readStream<'resource.deleted'>(stream)).map(({ data }) => data.version)).toEqual([1, 2, 3, 4]);
  });

  it('gives up after five tries', async () => {
    let tries = 0;
    const contended = withFaults(test.store, {
      append: () => {
        tries++;
        return Promise.reject(new VersionConflictError(stream, 0, 1));
      },
    });
    const through = new EventLog(contended, { service: 'resource-service', actor: 'resource-service-1' });
    await expect(handle({ by: 1 }, 'c1', through)).rejects.toThrow(VersionConflictError);
    expect(tries).toBe(5);
  });

  it('changes nothing when the same command comes again, and returns the present state', async () => {
    await handle({ by: 1 }, 'c1');
    await handle({ by: 1 }, 'c2');
    expect(await handle({ by: 1 }, 'c1')).toMatchObject({ state: 2, version: 2, appended: { replayed: true } });
    expect(await log.readStream(stream)).toHaveLength(2);
  });

  it('starts from a snapshot', async () => {
    await handle({ by: 3 }, 'c1');
    const reads: unknown[] = [];
    const counted = withFaults(test.store, {
      readStream: (name: string, options?: { fromVersion?: number }) => {
        reads.push(options);
        return test.store.readStream(name, options);
      },
    });
    const through = new EventLog(counted, { service: 'resource-service', actor: 'resource-service-1' });
    const outcome = await handleCommand(
      { log: through },
      { decider: counter, stream, command: { by: 1 }, commitId: 'c2', metadata, snapshot: { state: 2, version: 2 } },
    );
    expect(outcome).toMatchObject({ state: 4, version: 4 });
    expect(reads).toEqual([{ fromVersion: 3 }]);
  });

  it('takes its claims with it', async () => {
    const claims = ['only-once'];
    const request = { decider: counter, stream, command: { by: 1 }, metadata, claims };
    await handleCommand({ log }, { ...request, commitId: 'c1' });
    await expect(handleCommand({ log }, { ...request, commitId: 'c2' })).rejects.toThrow('only-once is claimed');
  });
});

describe('effectCommitId', () => {
  it('is the same for the same handler and event, and a valid commitId', () => {
    expect(effectCommitId('h', 'e')).toBe(effectCommitId('h', 'e'));
    expect(effectCommitId('h', 'e')).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set([effectCommitId('h', 'e'), effectCommitId('h', 'f'), effectCommitId('g', 'e')]).size).toBe(3);
  });
});
