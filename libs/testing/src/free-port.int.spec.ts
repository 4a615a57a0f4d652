import { createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { freePort, freePortBase } from './free-port.js';

const servers: Server[] = [];
const listen = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject).listen(port, '127.0.0.1', resolve);
    servers.push(server);
  });
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

it('freePort finds a port that one can listen on', async () => {
  const port = await freePort();
  expect(port).toBeGreaterThanOrEqual(20_000);
  await listen(port);
});

it('freePortBase finds successive ports', async () => {
  const base = await freePortBase(5);
  for (let offset = 0; offset < 5; offset++) await listen(base + offset);
});
