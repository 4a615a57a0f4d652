import { afterAll, beforeAll, expect, it } from 'vitest';
import { startMonitor, type TestMonitor } from '../test/harness.js';

let monitor: TestMonitor;

beforeAll(async () => {
  monitor = await startMonitor({
    monitor: { http: { allowedHosts: ['box.example'], allowedOrigins: ['https://ops.example'] } },
  });
});
afterAll(() => monitor.stop());

it.each([
  ['host', 'evil.example'],
  ['host', '127.0.0.1.evil.example:3004'],
  ['origin', 'https://evil.example'],
  ['origin', 'null'],
])('refuses the %s %s', async (header, value) => {
  const { body } = await monitor.http.get('/events').set(header, value).expect(403);
  expect(body).toMatchObject({ status: 403, detail: expect.stringContaining('allowedHosts') as string });
  await monitor.http.post('/projections/calls/rebuild').set(header, value).expect(403);
});

it.each([
  ['host', 'localhost:3004'],
  ['host', 'box.example'],
  ['origin', 'http://127.0.0.1:3004'],
  ['origin', 'https://ops.example'],
])('serves the %s %s', async (header, value) => {
  await monitor.http.get('/events').set(header, value).expect(200);
});
