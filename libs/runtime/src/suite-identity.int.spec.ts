import { SUITE_ID } from '@signalbox/contracts';
import { StoreUnavailableError } from '@signalbox/ports';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EventLog } from './event-log.js';
import { SuiteIdentity } from './suite-identity.js';
import { openTestLog, type TestLog } from '../test/test-log.js';

let test: TestLog;
const logOf = (service: 'gateway' | 'tool-executor') => new EventLog(test.store, { service, actor: `${service}-1` });

beforeEach(async () => {
  test = await openTestLog();
});
afterEach(() => test.close());

it('is the same for all services of a log, whoever asks first', async () => {
  const asked = ['gateway', 'tool-executor', 'gateway', 'tool-executor'] as const;
  const ids = await Promise.all(asked.map((service) => new SuiteIdentity(logOf(service)).read()));
  expect(ids[0]).toMatch(SUITE_ID);
  expect(new Set(ids).size).toBe(1);
  expect(await test.store.readStream('suite')).toHaveLength(1);
  // and later
  expect(await new SuiteIdentity(logOf('gateway')).read()).toBe(ids[0]);
});

it('is asked for again when the log was away', async () => {
  const log = logOf('gateway');
  let isAway = true;
  const identity = new SuiteIdentity({
    append: (request) => log.append(request),
    readStream: (stream, options) =>
      isAway ? Promise.reject(new StoreUnavailableError('away')) : log.readStream(stream, options),
  });
  await expect(identity.read()).rejects.toThrow('away');
  expect(identity.known).toBeUndefined();
  isAway = false;
  expect(await identity.read()).toBe(identity.known);
});
