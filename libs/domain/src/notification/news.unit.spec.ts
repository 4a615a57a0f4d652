import { createEvent, type NewEvent, type RecordedEvent } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { newsOf } from './news.js';
import { isToldBy, topicsOf } from './rules.js';
import { TOPICS } from './topics.js';

const executor = 'e-1';
const read = (failed: Set<string>, ...events: NewEvent[]) =>
  events.map((event) => newsOf(event as unknown as RecordedEvent, failed)?.topic);
const started = createEvent('server.started', {
  server: 'files',
  executor,
  protocolVersion: '2025-11-25',
  serverInfo: { name: 'files', version: '1' },
  capabilities: {},
});
const failed = createEvent('server.failed', { server: 'files', executor, error: 'gone', attempt: 1 });
const changed = (from: 'running' | 'degraded' | 'stopped', to: 'running' | 'degraded' | 'starting') =>
  createEvent('server.state_changed', { server: 'files', executor, from, to, reason: 'slow' });

describe('news', () => {
  it('tell a start from a recovery', () => {
    expect(read(new Set(), started, failed, started, started)).toEqual([
      'server.started',
      'server.failed',
      'server.recovered',
      'server.started',
    ]);
    const states = [changed('stopped', 'starting'), changed('running', 'degraded'), changed('degraded', 'running')];
    expect(read(new Set(), ...states)).toEqual([undefined, 'server.degraded', 'server.recovered']);
  });

  it('have what the event says, in short', () => {
    const long = createEvent('server.failed', { server: 'files', executor, error: 'x'.repeat(9_999), attempt: 2 });
    const news = newsOf(long as unknown as RecordedEvent, new Set())!;
    expect(news).toMatchObject({ severity: 'critical', subject: 'server files', facts: { attempt: 2, executor } });
    expect(String(news.facts.error).length).toBeLessThan(3_000);
  });

  it('name circuits, instances and services', () => {
    const instance = { server: 'web', executor, instance: 'http://a:1/', reason: 'broken' };
    const down = { instanceId: 's-1', serviceName: 'painter', from: 'UP', to: 'DOWN', reason: 'silent' } as const;
    expect(
      read(
        new Set(),
        createEvent('server.instance.breaker_changed', { ...instance, from: 'closed', to: 'open' }),
        createEvent('server.instance.state_changed', { ...instance, from: 'up', to: 'down' }),
        createEvent('service.status_changed', down),
        createEvent('server.commanded', { server: 'web', command: 'quarantine', who: 'ada' }),
      ),
    ).toEqual(['circuit.opened', 'server.instance.down', 'service.down', 'server.quarantined']);
  });
});

describe('a rule', () => {
  const news = newsOf(failed as unknown as RecordedEvent, new Set())!;
  const rule = { on: ['server.failed'], severity: 'info' } as const;

  it.each([
    [{}, true],
    [{ on: ['server.*'] }, true],
    [{ on: ['#'] }, true],
    [{ on: ['*'] }, false],
    [{ on: ['circuit.opened', 'server.#'] }, true],
    [{ severity: 'critical' }, true],
    [{ servers: ['fi*'] }, true],
    [{ servers: ['f.les', 'other'] }, false],
    [{ on: ['service.*'] }, false],
  ] as const)('with %j tells it: %s', (more, isTold) => expect(isToldBy({ ...rule, ...more }, news)).toBe(isTold));

  it('may name only topics that there are', () => {
    expect(topicsOf('circuit.*')).toEqual(['circuit.opened', 'circuit.half_opened', 'circuit.closed']);
    expect(topicsOf('server.exploded')).toEqual([]);
    expect(topicsOf('#')).toEqual(Object.keys(TOPICS));
  });
});
