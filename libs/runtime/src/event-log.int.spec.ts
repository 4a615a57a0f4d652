import { createEvent, type NewEvent } from '@signalbox/contracts';
import {
  ClaimConflictError,
  CommitTooLargeError,
  StoreUnavailableError,
  VersionConflictError,
  type AppendRequest,
} from '@signalbox/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventRejectedError } from './event-check.js';
import { EventLog, type LogAppendRequest } from './event-log.js';
import { closed, openTestLog, withFaults, type TestLog } from '../test/test-log.js';

let test: TestLog;
let log: EventLog;
const stream = 'session-gateway-1-01';
const request = (extra: Partial<LogAppendRequest> = {}): LogAppendRequest => ({
  stream,
  expectedVersion: 0,
  events: [closed('s1')],
  commitId: 'c1',
  metadata: { correlationId: 'k', causationId: 'cause', traceparent: 't' },
  ...extra,
});

beforeEach(async () => {
  test = await openTestLog();
  log = new EventLog(test.store, { service: 'gateway', actor: 'gateway-1' });
});
afterEach(() => test.close());

describe('append', () => {
  it('stores what the schema names, under the name of the instance', async () => {
    const event = closed('s1');
    const sneaky = { ...event, data: { ...event.data, secret: 'x' } } as unknown as NewEvent;
    const result = await log.append(request({ events: [sneaky] }));
    expect(result).toMatchObject({ partition: 'gateway-1', position: 1, lastVersion: 1, replayed: false });
    expect(await log.readStream(stream)).toMatchObject([
      { ...event, actor: 'gateway-1', correlationId: 'k', causationId: 'cause', traceparent: 't', streamVersion: 1 },
    ]);
    const [commit] = await test.store.readPartition('gateway-1', 0);
    expect(commit!.body).not.toContain('secret');
  });

  it('stores nothing when one of its events is wrong', async () => {
    const wrong = { ...closed('s2'), data: {} } as NewEvent;
    await expect(log.append(request({ events: [closed('s1'), wrong] }))).rejects.toThrow(EventRejectedError);
    expect(await test.store.partitions()).toEqual([]);
  });

  it('lets only owners append', async () => {
    const foreign = createEvent('server.removed', { server: 'x', reason: 'y' });
    await expect(log.append(request({ events: [foreign] }))).rejects.toThrow('its owners are registry');
  });

  it.each([
    [{ events: [] }, 'at least one event'],
    [{ stream: '' }, 'stream has 0 characters; 1 to 200'],
    [{ commitId: 'x'.repeat(129) }, 'commitId has 129 characters; 1 to 128'],
    [{ claims: [''] }, 'claim has 0 characters'],
    [{ claims: Array.from({ length: 17 }, (_, i) => `k${i}`) }, '17 claims; at most 16'],
  ] satisfies [Partial<LogAppendRequest>, string][])('refuses %o', async (extra, message) => {
    await expect(log.append(request(extra))).rejects.toThrow(message);
  });

  it('refuses more than 500 events', async () => {
    const events = Array.from({ length: 501 }, () => closed('s'));
    await expect(log.append(request({ events }))).rejects.toThrow(CommitTooLargeError);
  });

  it('passes conflicts on', async () => {
    await log.append(request({ claims: ['mine'] }));
    await expect(log.append(request({ commitId: 'c2' }))).rejects.toThrow(VersionConflictError);
    await expect(log.append(request({ commitId: 'c3', expectedVersion: 1, claims: ['mine'] }))).rejects.toThrow(
      ClaimConflictError,
    );
  });

  it('tries again with the same commitId when the store does not say whether it has stored', async () => {
    const seen: string[] = [];
    const silent = withFaults(test.store, {
      append: async (append: AppendRequest) => {
        seen.push(append.commitId);
        const stored = await test.store.append(append);
        if (seen.length < 3) throw new StoreUnavailableError('no answer');
        return stored;
      },
    });
    const result = await new EventLog(silent, { service: 'gateway', actor: 'gateway-1' }).append(request());
    expect(seen).toEqual(['c1', 'c1', 'c1']);
    expect(result).toMatchObject({ position: 1, replayed: true });
    expect(await test.store.partitions()).toMatchObject([{ position: 1 }]);
  });

  it('gives up after its retries', async () => {
    let tries = 0;
    const dead = withFaults(test.store, {
      append: () => {
        tries++;
        return Promise.reject(new StoreUnavailableError('gone'));
      },
    });
    const impatient = new EventLog(dead, { service: 'gateway', actor: 'gateway-1', retries: 1 });
    await expect(impatient.append(request())).rejects.toThrow(StoreUnavailableError);
    expect(tries).toBe(2);
  });
});
