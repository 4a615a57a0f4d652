import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  appendAttempt,
  completeCall,
  requestCall,
  startMonitor,
  type RecordedCall,
  type TestMonitor,
} from '../../../test/harness.js';

describe('GET /events', () => {
  let monitor: TestMonitor;
  let alices: RecordedCall;
  let bobs: RecordedCall;

  beforeAll(async () => {
    monitor = await startMonitor();
    alices = await completeCall(monitor.ports);
    bobs = await completeCall(monitor.ports, { principal: 'bob' });
  });
  afterAll(() => monitor.stop());

  const types = async (query: Record<string, string>) => {
    const { body } = await monitor.http.get('/events').query(query).expect(200);
    return (body as { events: { type: string }[] }).events.map(({ type }) => type);
  };
  const ofCall = ['tool.call.requested', 'tool.call.started', 'tool.call.completed'];

  it('answers CloudEvents', async () => {
    const { body } = await monitor.http.get('/events').query({ correlation: alices.callId }).expect(200);
    expect(body.next).toBe(null);
    expect(body.events[0]).toMatchObject({
      specversion: '1.0',
      type: 'tool.call.requested',
      source: '/signalbox/gateway-1',
      subject: `call-gateway-1-${alices.callId}`,
      correlationid: alices.callId,
      traceparent: alices.traceparent,
      partition: 'gateway-1',
      position: 1,
      data: { callId: alices.callId, principal: 'alice' },
    });
  });

  it('filters by type, pattern, stream, correlation and principal', async () => {
    expect(await types({ type: 'tool.call.completed' })).toEqual(['tool.call.completed', 'tool.call.completed']);
    expect(await types({ type: 'tool.*.started' })).toHaveLength(2);
    expect(await types({ type: 'service.registered' })).toEqual(['service.registered']);
    expect(await types({ stream: `call-gateway-1-${bobs.callId}` })).toEqual(['tool.call.requested']);
    expect(await types({ correlation: bobs.callId })).toEqual(ofCall);
    expect(await types({ principal: 'bob' })).toEqual(ofCall);
    expect(await types({ principal: 'bob', type: 'tool.call.completed' })).toEqual(['tool.call.completed']);
    expect(await types({ principal: 'gateway-1' })).toEqual([]);
  });

  it('filters by time', async () => {
    const { body } = await monitor.http.get('/events').query({ correlation: bobs.callId });
    const time = body.events[0].time as string;
    expect(await types({ type: 'tool.call.requested', from: time, correlation: bobs.callId })).toHaveLength(1);
    expect(await types({ type: 'tool.call.requested', to: time, correlation: bobs.callId })).toHaveLength(0);
  });

  it('turns the order', async () => {
    expect(await types({ correlation: alices.callId, order: 'desc' })).toEqual(ofCall.toReversed());
  });

  it.each(['asc', 'desc'])('pages %s without losing or repeating any', async (order) => {
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const query: Record<string, string> = { type: 'tool.call.*', order, limit: '2', ...(after ? { after } : {}) };
      const { body } = await monitor.http.get('/events').query(query).expect(200);
      expect(body.events.length).toBeLessThanOrEqual(2);
      seen.push(...body.events.map(({ id }: { id: string }) => id));
      after = body.next;
    } while (after !== null);
    expect(seen).toHaveLength(6);
    expect(new Set(seen).size).toBe(6);
    expect(seen).toEqual(order === 'asc' ? seen.toSorted() : seen.toSorted().toReversed());
  });

  it('goes on from a cursor with what was appended since', async () => {
    const first = await monitor.http.get('/events').query({ type: 'tool.call.requested', limit: 1 });
    const call = await requestCall(monitor.ports);
    await appendAttempt(monitor.ports, call, 'cancelled', { durationMs: 0 });
    const { body } = await monitor.http.get('/events').query({ type: 'tool.call.requested', after: first.body.next });
    expect(body.events.map((event: { correlationid: string }) => event.correlationid)).toEqual([
      bobs.callId,
      call.callId,
    ]);
  });

  it.each([
    ['limit=0', 'limit', 'at least 1'],
    ['limit=1001', 'limit', 'at most 1000'],
    ['limit=ten', 'limit', 'whole number from 1 to 1000'],
    ['type=Tool', 'type', 'routing key'],
    ['type=a&type=b', 'type', 'given once'],
    ['from=yesterday', 'from', 'RFC 3339'],
    ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'to', 'later than from'],
    ['order=random', 'order', 'asc, desc'],
    ['after=rubbish', 'after', 'cursor'],
    ['colour=red', '', 'allowed: type, stream'],
  ])('refuses ?%s and names what is allowed', async (query, path, message) => {
    const { body, headers } = await monitor.http.get(`/events?${query}`).expect(400);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(body.errors[0].path).toBe(path);
    expect(body.errors[0].message).toContain(message);
  });
});

describe('GET /events with a bounded scan', () => {
  it('answers a page with fewer events and a cursor, which comes to all of them', async () => {
    const monitor = await startMonitor({ monitor: { events: { maxScanned: 1 } } });
    try {
      for (let i = 0; i < 400; i++) await requestCall(monitor.ports, { principal: i % 40 === 0 ? 'rare' : 'often' });
      const found: string[] = [];
      let pages = 0;
      for (let after: string | null = ''; after !== null; pages++) {
        const query: Record<string, string> = {
          principal: 'rare',
          type: 'tool.call.*',
          limit: '3',
          ...(after ? { after } : {}),
        };
        const { body } = await monitor.http.get('/events').query(query).expect(200);
        found.push(...body.events.map(({ id }: { id: string }) => id));
        after = body.next;
      }
      expect(new Set(found).size).toBe(10);
      expect(found).toHaveLength(10);
      expect(pages).toBeGreaterThan(3);
    } finally {
      await monitor.stop();
    }
  });
});
