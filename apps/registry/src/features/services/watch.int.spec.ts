import { SseParser } from '@signalbox/mcp';
import { waitFor } from '@signalbox/testing';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { registryForTest } from '../../../test/running-service.js';

const WORKER = { serviceName: 'painter', host: '127.0.0.1', port: 4001 };

interface Watch {
  readonly status: number;
  readonly contentType: string | null;
  /** Ids of each list that came. */
  readonly seen: string[][];
  text(): string;
  ended(): boolean;
  abort(): void;
}

async function watch(url: string, serviceName: string): Promise<Watch> {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const response = await fetch(`${url}/services/${serviceName}/watch`, { signal: controller.signal });
  const seen: string[][] = [];
  let text = '';
  let ended = false;
  const parser = new SseParser({
    onEvent: ({ event, data }) => {
      expect(event).toBe('instances');
      const parsed = JSON.parse(data) as { serviceName: string; instances: { id: string }[] };
      expect(parsed.serviceName).toBe(serviceName);
      seen.push(parsed.instances.map(({ id }) => id).sort());
    },
  });
  const read = async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body!) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      parser.feed(decoder.decode(chunk as Uint8Array));
    }
  };
  void read()
    .catch(() => undefined)
    .finally(() => (ended = true));
  return {
    status: response.status,
    contentType: response.headers.get('content-type'),
    seen,
    text: () => text,
    ended: () => ended,
    abort: () => controller.abort(),
  };
}

describe('GET /services/:serviceName/watch', () => {
  it('tells the present instances first, then each change', async () => {
    const { http, service } = await registryForTest();
    await http
      .post('/services')
      .send({ ...WORKER, id: 'p' })
      .expect(201);
    const watching = await watch(service.url, 'painter');
    expect(watching).toMatchObject({ status: 200, contentType: 'text/event-stream' });
    await waitFor(() => watching.seen.length === 1);
    await http
      .post('/services')
      .send({ ...WORKER, id: 'q' })
      .expect(201);
    await waitFor(() => watching.seen.length === 2);
    await http.delete('/services/p').expect(200);
    await waitFor(() => watching.seen.length === 3);
    expect(watching.seen).toEqual([['p'], ['p', 'q'], ['q']]);
  });

  it('waits for a service that is not there yet', async () => {
    const { http, service } = await registryForTest();
    const watching = await watch(service.url, 'painter');
    await waitFor(() => watching.seen.length === 1);
    await http
      .post('/services')
      .send({ ...WORKER, id: 'p' })
      .expect(201);
    await waitFor(() => watching.seen.length === 2);
    expect(watching.seen).toEqual([[], ['p']]);
  });

  it('says nothing about other services', async () => {
    const { http, service } = await registryForTest();
    const watching = await watch(service.url, 'painter');
    await waitFor(() => watching.seen.length === 1);
    await http
      .post('/services')
      .send({ ...WORKER, serviceName: 'sculptor', id: 's' })
      .expect(201);
    await http
      .post('/services')
      .send({ ...WORKER, id: 'p' })
      .expect(201);
    await waitFor(() => watching.seen.length === 2);
    expect(watching.seen).toEqual([[], ['p']]);
  });

  it('keeps the connection alive', async () => {
    const { service } = await registryForTest({ section: { watch: { keepAliveMs: 20 } } });
    const watching = await watch(service.url, 'painter');
    await waitFor(() => watching.text().includes(': keep-alive\n\n'));
  });

  it('has no more watchers than it may, and has room again when one goes', async () => {
    const { http, service } = await registryForTest({ section: { watch: { maxWatchers: 1 } } });
    const watching = await watch(service.url, 'painter');
    const full = await http.get('/services/painter/watch').expect(503);
    expect(full.headers['content-type']).toContain('application/problem+json');
    expect(full.body.detail).toContain('at most 1');
    watching.abort();
    await waitFor(async () => {
      const next = await watch(service.url, 'painter');
      return next.status === 200;
    });
  });

  it('ends when the service stops', async () => {
    const { service } = await registryForTest();
    const watching = await watch(service.url, 'painter');
    await waitFor(() => watching.seen.length === 1);
    await service.stop();
    await waitFor(() => watching.ended());
  });

  it('gives a slow reader the newest state, not every one', async () => {
    const { http, service } = await registryForTest();
    const reader = await pausedWatch(service.url);
    const versions = 150;
    for (let port = 1; port <= versions; port++)
      await http
        .post('/services')
        .send({ ...LARGE, port })
        .expect(201);
    reader.resume();
    await waitFor(() => reader.ports.at(-1) === versions);
    expect(reader.ports.length).toBeLessThan(versions);
    expect(reader.ports).toEqual([...reader.ports].sort((a, b) => a - b));
  });

  it('lets go of a reader that reads nothing', async () => {
    const { http, service } = await registryForTest({ section: { watch: { maxWatchers: 1, keepAliveMs: 50 } } });
    await pausedWatch(service.url);
    for (let port = 1; port <= 150; port++)
      await http
        .post('/services')
        .send({ ...LARGE, port })
        .expect(201);
    await waitFor(async () => (await watch(service.url, 'painter')).status === 200);
  });
});

const MANY = Array.from({ length: 100 }, (_, i) => [`key${i}`, 'x'.repeat(1_000)]);
const LARGE = { ...WORKER, id: 'p', metadata: Object.fromEntries(MANY) as Record<string, string> };

/** A watcher that reads nothing until `resume`. */
async function pausedWatch(url: string) {
  const sent = request(`${url}/services/painter/watch`).end();
  onTestFinished(() => void sent.destroy());
  sent.on('error', () => undefined);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  const ports: number[] = [];
  const parser = new SseParser({
    onEvent: ({ data }) => {
      const { instances } = JSON.parse(data) as { instances: { port: number }[] };
      if (instances[0]) ports.push(instances[0].port);
    },
  });
  return { ports, resume: () => void response.on('data', (chunk: Buffer) => parser.feed(chunk)) };
}
