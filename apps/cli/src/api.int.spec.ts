import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort } from '@signalbox/testing';
import { afterEach, expect, it } from 'vitest';
import { Api } from './api.js';
import { EXIT } from './exit-codes.js';
import { serviceUrls } from './services.js';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function answering(listener: RequestListener): Promise<Api> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const here = `http://127.0.0.1:${port}`;
  const urls = { ...serviceUrls(undefined, {}), gateway: here, registry: here };
  return new Api({ urls, token: 'geheim', timeoutMs: 2_000 });
}

it('says what to do when nobody answers', async () => {
  const urls = serviceUrls(`http://127.0.0.1:${await freePort()}`, {});
  const answer = new Api({ urls, timeoutMs: 2_000 }).get('gateway', '/tools');
  await expect(answer).rejects.toMatchObject({ exitCode: EXIT.unreachable, hints: [/npm start/, /doctor/] });
});

it('says so when the answer does not come', async () => {
  const api = await answering(() => undefined);
  await expect(api.send('GET', 'registry', '/x', { timeoutMs: 50 })).rejects.toMatchObject({
    ...{ exitCode: EXIT.unreachable, message: expect.stringContaining('did not answer in time') },
  });
});

it('shows a problem by its title and detail, and what it names besides', async () => {
  const api = await answering((_request, response) => {
    response.statusCode = 400;
    const errors = [{ path: 'limit', message: 'must be a number' }];
    response.end(JSON.stringify({ title: 'Bad Request', detail: 'the query is wrong', errors }));
  });
  await expect(api.get('registry', '/x')).rejects.toMatchObject({
    ...{ message: 'Bad Request: the query is wrong', hints: ['limit: must be a number'], exitCode: EXIT.failed },
  });
});

it('does not take any web server for a Signalbox', async () => {
  const api = await answering((_request, response) => response.end('<html>hello'));
  await expect(api.get('registry', '/x')).rejects.toThrow('no JSON: <html>hello');
});

it('sends the token to the gateway only', async () => {
  const api = await answering((request, response) => {
    response.end(JSON.stringify({ got: request.headers.authorization ?? null }));
  });
  expect([await api.get('gateway', '/x'), await api.get('registry', '/x')]).toEqual([
    { got: 'Bearer geheim' },
    { got: null },
  ]);
});

it.each([
  [undefined, {}, 'http://127.0.0.1:3001'],
  [undefined, { SIGNALBOX_PORT_BASE: '4000' }, 'http://127.0.0.1:4001'],
  ['http://box:5000', { SIGNALBOX_URL: 'http://other:1' }, 'http://box:5001'],
  [undefined, { SIGNALBOX_URL: 'http://other:6000/' }, 'http://other:6001'],
])('finds the registry by %s and %j', (url, env, registry) => {
  expect(serviceUrls(url, env).registry).toBe(registry);
});

it.each(['box', 'ftp://box', 'http://box:65535'])('refuses %s', (url) => {
  expect(() => serviceUrls(url, {})).toThrow('--url');
});
