import { waitFor } from '@signalbox/testing';
import { expect, it } from 'vitest';
import { startGateway } from '../../../test/gateway-under-test.js';
import { StatelessWireClient } from '../../../test/stateless-client.js';

it('server/discover says what the gateway speaks, what it can do, and for how long that holds', async () => {
  const caching = { ttlMs: 1_234, cacheScope: 'public' };
  const gateway = await startGateway({ gateway: { catalogue: { caching } } });
  try {
    await gateway.serve('s', { tools: [{ name: 't' }] });
    const [all, one] = ['/mcp', '/servers/s/mcp'].map((path) => new StatelessWireClient(gateway.url + path));
    const discovered = async (client = all!) => (await client.request('server/discover')).body.result;
    expect(await discovered()).toMatchObject({
      ...caching,
      supportedVersions: expect.arrayContaining(['2026-07-28', '2025-11-25']),
      capabilities: {
        tools: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
        extensions: { 'io.modelcontextprotocol/tasks': {} },
      },
    });
    await waitFor(async () => (await one!.request('server/discover')).status === 200);
    // the server has declared nothing; tasks are the gateway's
    expect(Object.keys((await discovered(one)).capabilities)).toEqual(['extensions']);
  } finally {
    await gateway.stop();
  }
});
