import { newId } from '@signalbox/contracts';
import { PayloadStore } from '@signalbox/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  appendAttempt,
  completeCall,
  projected,
  requestCall,
  startMonitor,
  type RecordedCall,
  type TestMonitor,
} from '../../../test/harness.js';

let monitor: TestMonitor;
const calls: Record<'first' | 'toolError' | 'failed' | 'waiting', RecordedCall> = {} as never;

beforeAll(async () => {
  monitor = await startMonitor({ monitor: { story: { inlineBlobBytes: 2000 } } });
  const { ports } = monitor;
  calls.first = await completeCall(ports);
  calls.toolError = await completeCall(ports, { server: 'sql', tool: 'query', principal: 'bob' }, { isError: true });
  calls.failed = await requestCall(ports, { server: 'sql', tool: 'query' });
  await appendAttempt(ports, calls.failed, 'failed', {
    error: { code: -32003, message: 'gone' },
    retryable: true,
    durationMs: 3,
  });
  calls.waiting = await requestCall(ports);
  await projected(monitor);
});
afterAll(() => monitor.stop());

describe('GET /calls', () => {
  const list = async (query: Record<string, string | number>) => {
    const { body } = await monitor.http.get('/calls').query(query).expect(200);
    return (body as { calls: { id: string }[] }).calls.map(({ id }) => id);
  };

  it('has the newest first, each with what a list needs', async () => {
    const { body } = await monitor.http.get('/calls').expect(200);
    expect(body.next).toBe(null);
    expect(body.calls.map(({ id }: { id: string }) => id)).toEqual(
      [calls.waiting, calls.failed, calls.toolError, calls.first].map(({ callId }) => callId),
    );
    expect(body.calls.at(-1)).toMatchObject({
      state: 'completed',
      isError: false,
      server: 'files',
      tool: 'read_file',
      principal: 'alice',
      attempt: 1,
      waitedMs: 0.4,
      durationMs: 2.5,
      traceId: calls.first.traceparent.split('-')[1],
    });
    expect(Object.keys(body.calls[0])).not.toContain('_id');
  });

  it('filters', async () => {
    const { first, toolError, failed, waiting } = calls;
    expect(await list({ state: 'requested' })).toEqual([waiting.callId]);
    expect(await list({ state: 'failed' })).toEqual([failed.callId]);
    expect(await list({ server: 'sql' })).toEqual([failed.callId, toolError.callId]);
    expect(await list({ server: 'sql', tool: 'query', principal: 'bob' })).toEqual([toolError.callId]);
    expect(await list({ isError: 'true' })).toEqual([failed.callId, toolError.callId]);
    expect(await list({ isError: 'false' })).toEqual([first.callId]);
    expect(await list({ principal: 'nobody' })).toEqual([]);
  });

  it('filters by time, `from` included and `to` not', async () => {
    const { body } = await monitor.http.get('/calls');
    const newest = body.calls[0].requestedAt as string;
    const all = await list({});
    const since = await list({ from: newest });
    expect(since).toContain(calls.waiting.callId);
    expect(await list({ to: newest })).toEqual(all.filter((id) => !since.includes(id)));
    expect(await list({ from: '2020-01-01T00:00:00Z', to: '2020-01-02T00:00:00Z' })).toEqual([]);
  });

  it('pages', async () => {
    const first = await monitor.http.get('/calls').query({ limit: 3 }).expect(200);
    expect(first.body.calls).toHaveLength(3);
    const rest = await monitor.http.get('/calls').query({ limit: 3, after: first.body.next }).expect(200);
    expect(rest.body.calls.map(({ id }: { id: string }) => id)).toEqual([calls.first.callId]);
    expect(rest.body.next).toBe(null);
  });

  it.each([
    ['state=finished', 'state', 'requested, running, completed'],
    ['isError=1', 'isError', 'true, false'],
    ['limit=501', 'limit', 'at most 500'],
    ['from=now', 'from', 'RFC 3339'],
    ['server=', 'server', 'not be empty'],
    ['sort=time', '', 'allowed: state, server'],
  ])('refuses ?%s', async (query, path, message) => {
    const { body } = await monitor.http.get(`/calls?${query}`).expect(400);
    expect(body.errors[0]).toMatchObject({ path, message: expect.stringContaining(message) as string });
  });
});

describe('GET /calls with many calls', () => {
  it('finds the rare one behind thousands, window by window', async () => {
    const many = await startMonitor();
    try {
      const rare = await requestCall(many.ports, { principal: 'rare' });
      for (let i = 0; i < 45; i++) await Promise.all(Array.from({ length: 100 }, () => requestCall(many.ports)));
      await projected(many);
      const { body } = await many.http.get('/calls?principal=rare&limit=1').expect(200);
      expect(body.calls.map(({ id }: { id: string }) => id)).toEqual([rare.callId]);
      expect(body.next).toBe(null);
    } finally {
      await many.stop();
    }
  });

  it('answers with a cursor when it has looked at its share', async () => {
    const bounded = await startMonitor({ monitor: { calls: { maxScanned: 1 } } });
    try {
      for (let i = 0; i < 21; i++) await Promise.all(Array.from({ length: 100 }, () => requestCall(bounded.ports)));
      await projected(bounded);
      const { body } = await bounded.http.get('/calls?principal=nobody').expect(200);
      expect(body).toMatchObject({ calls: [], next: expect.any(String) as string });
      const rest = await bounded.http.get('/calls').query({ principal: 'nobody', after: body.next }).expect(200);
      expect(rest.body).toEqual({ calls: [], next: null });
    } finally {
      await bounded.stop();
    }
  });
});

describe('GET /calls/:id', () => {
  it('tells the whole story', async () => {
    const { callId, traceparent } = calls.first;
    const { body } = await monitor.http.get(`/calls/${callId}`).expect(200);
    expect(body).toMatchObject({
      id: callId,
      state: 'completed',
      isError: false,
      server: 'files',
      tool: 'read_file',
      principal: 'alice',
      arguments: { path: 'a.txt' },
      result: { content: [{ type: 'text', text: 'hello' }] },
      traceId: traceparent.split('-')[1],
      times: { waitingMs: 0.4, runningMs: 2.5 },
      attempts: [{ attempt: 1, state: 'completed', executor: 'tool-executor-1' }],
    });
    expect(body.events.map(({ type }: { type: string }) => type)).toEqual([
      'tool.call.requested',
      'tool.call.started',
      'tool.call.completed',
    ]);
  });

  it('is current at once, whatever the projection has', async () => {
    const call = await requestCall(monitor.ports);
    const waiting = await monitor.http.get(`/calls/${call.callId}`).expect(200);
    expect(waiting.body.state).toBe('requested');
    await appendAttempt(monitor.ports, call, 'started', {
      server: 'files',
      tool: 'read_file',
      executor: 'e',
      waitedMs: 1,
    });
    await appendAttempt(monitor.ports, call, 'progressed', { progress: 1, total: 3, message: 'a third' });
    const running = await monitor.http.get(`/calls/${call.callId}`).expect(200);
    expect(running.body).toMatchObject({
      state: 'running',
      attempts: [{ progress: [{ progress: 1, total: 3, message: 'a third' }] }],
    });
  });

  it('brings back what lies in the blob store, or links to it when it is large', async () => {
    const store = new PayloadStore(monitor.ports.blobs, { inlineBytes: 100 });
    const small = { text: 's'.repeat(500) };
    const large = { text: 'l'.repeat(5000) };
    const { callId } = await completeCall(
      monitor.ports,
      { arguments: await store.store(small) },
      { result: await store.store(large) },
    );
    const { body } = await monitor.http.get(`/calls/${callId}`).expect(200);
    expect(body.arguments).toEqual(small);
    expect(body.result.$blob.bytes).toBe(5011);
    expect(body.result.href).toBe(`/blobs/${body.result.$blob.sha256}`);
    const blob = await monitor.http.get(body.result.href).expect(200);
    expect(blob.body).toEqual(large);
    expect(blob.headers['content-disposition']).toContain('attachment');
    expect(blob.headers['x-content-type-options']).toBe('nosniff');
  });

  it('says so when a blob is missing', async () => {
    const reference = { $blob: { sha256: 'ab'.repeat(32), bytes: 300 } };
    const { callId } = await completeCall(monitor.ports, {}, { result: reference });
    const { body } = await monitor.http.get(`/calls/${callId}`).expect(200);
    expect(body.result).toEqual({ ...reference, href: `/blobs/${'ab'.repeat(32)}`, missing: true });
  });

  it('keeps the beginning and the end of a call with very many events', async () => {
    const busy = await startMonitor({ monitor: { story: { maxEvents: 30 } } });
    try {
      const call = await requestCall(busy.ports);
      await appendAttempt(busy.ports, call, 'started', { server: 's', tool: 't', executor: 'e', waitedMs: 0 });
      for (let i = 0; i < 100; i++) await appendAttempt(busy.ports, call, 'progressed', { progress: i });
      await appendAttempt(busy.ports, call, 'completed', { result: 'done', isError: false, durationMs: 9 });
      const { body } = await busy.http.get(`/calls/${call.callId}`).expect(200);
      expect(body).toMatchObject({ truncated: true, state: 'completed', result: 'done', principal: 'alice' });
      expect(body.events).toHaveLength(50);
    } finally {
      await busy.stop();
    }
  });

  it('is 404 for a call that is not in the log, and 400 for what is no id', async () => {
    const id = newId();
    const { body } = await monitor.http.get(`/calls/${id}`).expect(404);
    expect(body).toMatchObject({ status: 404, detail: `the log has no call ${id}` });
    await monitor.http.get('/calls/a%20b').expect(400);
    await monitor.http.get(`/blobs/${'00'.repeat(32)}`).expect(404);
    await monitor.http.get('/blobs/..%2Fevents.db').expect(400);
  });
});
