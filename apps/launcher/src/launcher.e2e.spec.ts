import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { SERVICE_NAMES } from '@signalbox/contracts';
import { descendants, freePortBase, isAlive, runSignalbox, type RunningSignalbox } from '@signalbox/testing';
import { afterEach, describe, expect, it } from 'vitest';

const running: RunningSignalbox[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((signalbox) => signalbox.stop('SIGKILL')));
});
async function run(options: Parameters<typeof runSignalbox>[0] = {}): Promise<RunningSignalbox> {
  const signalbox = await runSignalbox(options);
  running.push(signalbox);
  return signalbox;
}

async function connect(signalbox: RunningSignalbox): Promise<Client> {
  const client = new Client({ name: 'spec', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(signalbox.mcp)));
  return client;
}

describe('npm start without a configuration', () => {
  // what else runs on the machine counts too: the best of three is the product's own time
  it('answers a tools/call within 5 s, with tools of all four default servers', { retry: 2 }, async () => {
    const begun = performance.now();
    const signalbox = await run();
    const client = await connect(signalbox);
    await expect
      .poll(async () => (await client.listTools()).tools.map(({ name }) => name), { timeout: 5000, interval: 50 })
      .toEqual(expect.arrayContaining(['everything__echo']));
    const result = await client.callTool({ name: 'everything__echo', arguments: { message: 'hello' } });
    expect(performance.now() - begun).toBeLessThan(5000);
    expect(result.content).toEqual([{ type: 'text', text: 'Echo: hello' }]);
    await expect
      .poll(async () => new Set((await client.listTools()).tools.map(({ name }) => name.split('__')[0])), {
        timeout: 10_000,
      })
      .toEqual(expect.objectContaining(new Set(['filesystem', 'everything', 'fetch', 'sql'])));
    await client.close();
  });

  it('runs five services that say they are ready', async () => {
    const signalbox = await run();
    for (const service of SERVICE_NAMES) {
      expect([service, (await fetch(`${signalbox.url(service)}/health/ready`)).status]).toEqual([service, 200]);
    }
    expect(existsSync(join(signalbox.dataDir, 'sandbox', 'README.md'))).toBe(true);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('on %s ends with 0 and leaves no process behind', async (signal) => {
    const signalbox = await run();
    await expect.poll(() => descendants(signalbox.pid).length, { timeout: 10_000 }).toBeGreaterThanOrEqual(4);
    const below = descendants(signalbox.pid);
    expect(await signalbox.stop(signal)).toBe(0);
    await expect.poll(() => below.filter(isAlive), { timeout: 2000 }).toEqual([]);
  });

  it('ends cleanly when it is told to before its servers are up', async () => {
    const signalbox = await run();
    const below = descendants(signalbox.pid);
    expect(await signalbox.stop('SIGINT')).toBe(0);
    await expect.poll(() => below.filter(isAlive), { timeout: 2000 }).toEqual([]);
  });
});

describe('what can be wrong', () => {
  it('names the port that is in use, and the variable that moves it', async () => {
    const portBase = await freePortBase(5);
    const other = createServer();
    await once(other.listen(portBase + 1, '127.0.0.1'), 'listening');
    try {
      await expect(run({ portBase, config: {} })).rejects.toThrow(
        `The registry could not be started: 127.0.0.1:${portBase + 1} is in use by another program. Free it, or set SIGNALBOX_PORT_BASE`,
      );
    } finally {
      other.close();
    }
  });

  it('refuses the data folder of a running Signalbox, and takes over that of a killed one', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'signalbox-taken-'));
    try {
      const first = await run({ config: {}, dataDir });
      await expect(run({ config: {}, dataDir })).rejects.toThrow(
        `${dataDir} is in use by another Signalbox (process ${first.pid})`,
      );
      await first.stop('SIGKILL');
      const second = await run({ config: {}, dataDir });
      expect(await second.stop()).toBe(0);
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });

  it('starts beside a wrong entry and names it in the banner', async () => {
    const signalbox = await run({ config: { mcpServers: { bad: { url: 'ftp://x' } } } });
    expect(signalbox.output()).toContain('mcpServers.bad.url: Invalid URL');
  });

  it('names the servers that the distributed profile lacks', async () => {
    await expect(run({ config: {}, env: { SIGNALBOX_PROFILE: 'distributed' } })).rejects.toThrow(
      /MONGODB_URL: is not set, but SIGNALBOX_PROFILE=distributed chooses the adapter mongodb.*\nAMQP_URL: .*\nCONSUL_URL: /,
    );
  });
});
