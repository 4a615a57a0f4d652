import { waitFor } from '@signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { completeCall, requestCall, startMonitor, type TestMonitor } from '../../../test/harness.js';
import { SseClient } from '../../../test/sse-client.js';

describe('GET /events/stream', () => {
  let monitor: TestMonitor;
  const clients: SseClient[] = [];

  const start = async (stream: object = {}) => {
    monitor = await startMonitor({ monitor: { stream: { paceMs: 1, newestPaceMs: 1, ...stream } } });
  };
  const open = async (query = '', headers: Record<string, string> = {}) => {
    const client = await SseClient.open(`${monitor.url}/events/stream${query}`, headers);
    clients.push(client);
    return client;
  };
  const callIds = (client: SseClient) =>
    client.events.map(({ data }) => (JSON.parse(data) as { correlationid: string }).correlationid);

  beforeEach(() => void clients.splice(0));
  afterEach(async () => {
    await Promise.all(clients.map((client) => client.cut()));
    await monitor.stop();
  });

  it('begins at the tail, and has each new event with type, cursor and CloudEvent', async () => {
    await start();
    await completeCall(monitor.ports);
    const client = await open();
    const call = await requestCall(monitor.ports);
    await waitFor(() => client.events.length > 0);
    expect(client.events).toHaveLength(1);
    const [event] = client.events;
    expect(event?.event).toBe('tool.call.requested');
    expect(JSON.parse(event!.data)).toMatchObject({ specversion: '1.0', correlationid: call.callId });
    const { body } = await monitor.http.get('/events').query({ after: event!.id! }).expect(200);
    expect(body.events).toEqual([]);
  });

  it('has the backlog first when `from` or `after` says so', async () => {
    await start();
    const first = await requestCall(monitor.ports);
    const second = await requestCall(monitor.ports);
    const all = await open('?type=tool.call.requested&from=2020-01-01T00:00:00Z');
    await waitFor(() => all.events.length === 2);
    expect(callIds(all)).toEqual([first.callId, second.callId]);
    const rest = await open(`?type=tool.call.requested&after=${all.events[0]!.id}`);
    const third = await requestCall(monitor.ports);
    await waitFor(() => rest.events.length === 2);
    expect(callIds(rest)).toEqual([second.callId, third.callId]);
  });

  it('applies the same filters as the list', async () => {
    await start();
    const client = await open('?principal=bob&type=tool.call.completed');
    await completeCall(monitor.ports, { principal: 'alice' });
    const bobs = await completeCall(monitor.ports, { principal: 'bob' });
    await completeCall(monitor.ports, { principal: 'alice' });
    const again = await completeCall(monitor.ports, { principal: 'bob' });
    await waitFor(() => client.events.length === 2);
    expect(callIds(client)).toEqual([bobs.callId, again.callId]);
  });

  it('loses and doubles nothing when it is cut off and resumed under load', async () => {
    await start({ batch: 20 });
    const total = 1500;
    let appended = 0;
    const load = async () => {
      while (appended < total) {
        const batch = Array.from({ length: 15 }, () => requestCall(monitor.ports));
        appended += batch.length;
        await Promise.all(batch);
        await new Promise(setImmediate);
      }
    };
    let client = await open('?type=tool.call.requested');
    // the first id there is to resume from; without one a new stream begins at the tail
    await requestCall(monitor.ports);
    await waitFor(() => client.lastId !== undefined);
    const loading = load();
    const seen: string[] = [];
    let reconnects = 0;
    for (let target = 40; seen.length + client.events.length < total + 1; target += 97) {
      await waitFor(() => seen.length + client.events.length >= Math.min(target, total + 1), { timeoutMs: 10_000 });
      if (seen.length + client.events.length >= total + 1) break;
      await client.cut();
      seen.push(...callIds(client));
      const lastId = client.lastId ?? clients.at(-2)!.lastId!;
      client = await open('?type=tool.call.requested', { 'last-event-id': lastId });
      reconnects++;
      await waitFor(() => client.events.length > 0 || appended >= total, { timeoutMs: 10_000 });
    }
    await loading;
    await waitFor(() => seen.length + client.events.length >= total + 1, { timeoutMs: 10_000 });
    seen.push(...callIds(client));
    const { events } = monitor.ports;
    const logged = (await events.readPartition('gateway-1', 0, 10_000)).map(({ correlationId }) => correlationId);
    expect(reconnects).toBeGreaterThan(5);
    expect(seen).toEqual(logged);
  });

  it('disconnects a reader that takes nothing, which may then resume', async () => {
    await start({ stallMs: 150, maxStreams: 1 });
    const stalled = await open('?type=tool.call.requested&from=2020-01-01T00:00:00Z');
    stalled.stall();
    const large = 'x'.repeat(60_000);
    const total = 300;
    for (let i = 0; i < total; i++) await requestCall(monitor.ports, { arguments: { large } });
    // its place is free when it has been given up
    const place = await waitFor(() => open('?type=resource.*').catch(() => undefined));
    await place.cut();
    stalled.resume();
    await stalled.closed;
    const received = stalled.events.filter(({ event }) => event === 'tool.call.requested').length;
    expect(received).toBeLessThan(total);
    const lastId = stalled.events.findLast(({ id }) => id !== undefined)!.id!;
    const resumed = await waitFor(() =>
      open('?type=tool.call.requested', { 'last-event-id': lastId }).catch(() => undefined),
    );
    await waitFor(() => resumed.events.length === total - received, { timeoutMs: 10_000 });
  });

  it('sends comments when there is nothing to say', async () => {
    await start({ keepAliveMs: 20 });
    const client = await open('?type=resource.*');
    await waitFor(() => client.comments.length >= 2);
    expect(client.events).toEqual([]);
  });

  it('shows the newest only in mode=newest, and says when it left something out', async () => {
    await start({ newestPaceMs: 200 });
    for (let i = 0; i < 60; i++) await requestCall(monitor.ports);
    const client = await open('?mode=newest&type=tool.call.requested');
    await waitFor(() => client.events.length === 50);
    const calls = await Promise.all(Array.from({ length: 200 }, () => requestCall(monitor.ports)));
    await waitFor(() => client.events.some(({ event }) => event === 'skipped'));
    await waitFor(() => client.events.at(-1)?.data.includes(calls.at(-1)!.callId));
    expect(client.events.length).toBeLessThan(201);
  });

  it('has a cap on streams, and gives the place of one that closed to another', async () => {
    await start({ maxStreams: 1 });
    const first = await open();
    const refused = await monitor.http.get('/events/stream').expect(503);
    expect(refused.body.detail).toBe('all 1 event streams are in use');
    await first.cut();
    await waitFor(() => open().catch(() => undefined));
  });

  it('refuses a cursor that is none, a wrong filter and an unknown parameter', async () => {
    await start();
    const wrongId = await monitor.http.get('/events/stream').set('last-event-id', 'rubbish').expect(400);
    expect(wrongId.body.errors[0].path).toBe('Last-Event-ID');
    await monitor.http.get('/events/stream?after=rubbish').expect(400);
    await monitor.http.get('/events/stream?type=NOT+A+TYPE').expect(400);
    const unknown = await monitor.http.get('/events/stream?limit=5').expect(400);
    expect(unknown.body.detail).toContain('allowed: type, stream, correlation, principal, from, to, after, mode');
  });

  it('ends when the monitor stops', async () => {
    await start();
    const client = await open();
    const stopped = monitor.stop();
    await client.closed;
    await stopped;
    expect(client.comments).toContain('the monitor is stopping');
  });
});
