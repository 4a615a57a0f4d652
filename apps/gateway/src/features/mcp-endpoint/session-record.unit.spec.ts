import { recorded } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { lastUse, readSessionRecord } from './session-record.js';

const opened = recorded(
  'session.opened',
  {
    sessionId: 's',
    gateway: 'gateway-1',
    principal: 'p',
    protocolVersion: '2025-11-25',
    client: { name: 'c', version: '1' },
    capabilities: {},
  },
  { time: '2026-01-01T00:00:00.000Z', streamVersion: 1 },
);
const changed = (gateway: string, time: string, streamVersion: number, logLevel?: string) =>
  recorded(
    'session.changed',
    { sessionId: 's', gateway, ...(logLevel === undefined ? {} : { logLevel }) },
    { time, streamVersion },
  );

describe('what the log says of a session', () => {
  it('is nothing before it was opened', () => {
    expect(readSessionRecord([])).toBeUndefined();
    expect(readSessionRecord([changed('gateway-2', '2026-01-01T00:00:00.000Z', 1)])).toBeUndefined();
  });

  it('knows the newest level, and who used it when', () => {
    const record = readSessionRecord([
      opened,
      changed('gateway-2', '2026-01-01T00:01:00.000Z', 2, 'error'),
      changed('gateway-1', '2026-01-01T00:02:00.000Z', 3),
    ])!;
    expect(record).toMatchObject({ version: 3, closed: false, logLevel: 'error' });
    expect(lastUse(record)).toBe(Date.parse('2026-01-01T00:02:00.000Z'));
    expect(lastUse(record, 'gateway-1')).toBe(Date.parse('2026-01-01T00:01:00.000Z'));
    expect(lastUse(readSessionRecord([opened])!, 'gateway-1')).toBe(0);
  });

  it('stays closed, whatever is written afterwards', () => {
    const closed = recorded('session.closed', { sessionId: 's', reason: 'client' }, { streamVersion: 2 });
    const record = readSessionRecord([opened, closed, changed('gateway-2', '2026-01-01T00:01:00.000Z', 3)]);
    expect(record).toMatchObject({ closed: true, version: 3 });
  });
});
