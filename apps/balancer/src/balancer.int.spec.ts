import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { freePort, waitFor } from '@signalbox/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { startBalancer, type RunningBalancer } from './balancer.js';
import { parseBalancerConfig } from './config.js';

const opened: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

interface Replica {
  ready: boolean;
  readonly server: Server;
}

/** Answers with its own address; all replicas share a port and differ in the loopback address, as containers do. */
async function replica(address: string, port: number): Promise<Replica> {
  const made: Replica = {
    ready: true,
    server: createServer((incoming, response) => {
      if (incoming.url === '/health/ready') return void response.writeHead(made.ready ? 200 : 503).end();
      if (incoming.url === '/stream') {
        response.write('first\n');
        return void incoming.on('data', (chunk: Buffer) => response.end(chunk));
      }
      response.end(address);
    }),
  };
  made.server.listen(port, address);
  await once(made.server, 'listening');
  opened.push({ close: async () => (made.server.closeAllConnections(), made.server.close()) });
  return made;
}

async function balancer(
  hostPort: number,
  addresses: readonly string[],
): Promise<{ url: string; made: RunningBalancer }> {
  const routes = [{ port: await freePort(), host: 'replicas', hostPort }];
  const made = await startBalancer({ routes, bind: '127.0.0.1' }, async () => addresses);
  opened.push({ close: () => made.stop() });
  return { url: `http://127.0.0.1:${made.ports[0]}`, made };
}

const ask = async (url: string): Promise<string> =>
  (await fetch(url, { headers: { connection: 'close' } })).text().catch((error: Error) => error.message);

describe('the balancer', () => {
  it('shares connections among the replicas in turn', async () => {
    const port = await freePort();
    const addresses = ['127.0.0.11', '127.0.0.12'];
    await Promise.all(addresses.map((address) => replica(address, port)));
    const { url } = await balancer(port, addresses);
    const answers = [];
    for (let turn = 0; turn < 4; turn++) answers.push(await ask(url));
    expect(answers.toSorted()).toEqual(['127.0.0.11', '127.0.0.11', '127.0.0.12', '127.0.0.12']);
  });

  it('goes round a replica that is gone, at once, and one that is not ready, soon', async () => {
    const port = await freePort();
    const addresses = ['127.0.0.11', '127.0.0.12'];
    const [first, second] = await Promise.all(addresses.map((address) => replica(address, port)));
    const { url } = await balancer(port, addresses);
    first!.server.closeAllConnections();
    first!.server.close();
    for (let turn = 0; turn < 4; turn++) expect(await ask(url)).toBe('127.0.0.12');
    await replica('127.0.0.11', port);
    second!.ready = false;
    const three = async (): Promise<string[]> => [await ask(url), await ask(url), await ask(url)];
    await waitFor(async () => (await three()).every((answer) => answer === '127.0.0.11'), { timeoutMs: 10_000 });
  });

  it('uses replicas that are not ready rather than none', async () => {
    const port = await freePort();
    const only = await replica('127.0.0.11', port);
    only.ready = false;
    const { url } = await balancer(port, ['127.0.0.11']);
    expect(await ask(url)).toBe('127.0.0.11');
  });

  it('passes streams on as they come, in both directions', async () => {
    const port = await freePort();
    await replica('127.0.0.11', port);
    const { url } = await balancer(port, ['127.0.0.11']);
    const outgoing = request(`${url}/stream`, { method: 'POST' });
    outgoing.flushHeaders();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(String((await once(response, 'data'))[0])).toBe('first\n');
    outgoing.end('second');
    expect(String((await once(response, 'data'))[0])).toBe('second');
  });

  it('closes connections that nobody takes, and all of them when it stops', async () => {
    const { url, made } = await balancer(await freePort(), []);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
    await made.stop();
    await expect(fetch(url)).rejects.toThrow('fetch failed');
    opened.splice(0);
  });
});

describe('the configuration of the balancer', () => {
  it('has routes and an address', () => {
    expect(parseBalancerConfig({ BALANCER_ROUTES: '3000=gateway:3000, 80=monitor.internal:3004' })).toEqual({
      bind: '127.0.0.1',
      routes: [
        { port: 3000, host: 'gateway', hostPort: 3000 },
        { port: 80, host: 'monitor.internal', hostPort: 3004 },
      ],
    });
  });

  it.each(['', 'gateway', '3000=gateway', '99999=gateway:1', '1=gate way:1'])('refuses %j by name', (text) => {
    expect(() => parseBalancerConfig({ BALANCER_ROUTES: text })).toThrow(/BALANCER_ROUTES/);
  });
});
