import { newId } from '@signalbox/contracts';
import { describeWithServers, waitFor } from '@signalbox/testing';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Installation, type ServiceProcess } from './support/distributed.js';

const WITHIN = { timeoutMs: 120_000, intervalMs: 100 };
const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const small = join(import.meta.dirname, 'support/small-server.sh');

vi.setConfig({ testTimeout: 240_000 });

describeWithServers(['AMQP_URL', 'MONGODB_URL', 'CONSUL_URL'], 'two registries', (amqp, mongo, consul) => {
  const prefix = `signalbox-test/${newId()}`;
  const own = { SIGNALBOX_CONSUL_PREFIX: prefix };
  const hooks: { headers: IncomingHttpHeaders; body: string }[] = [];
  let folder: string;
  let receiver: Server;
  let isOpen = false;
  let installation: Installation;
  const registries: ServiceProcess[] = [];

  const dataOf = async ({ url }: ServiceProcess, path: string): Promise<any> =>
    (await (await fetch(url + path)).json()).data;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-told-'));
    writeFileSync(join(folder, 'open'), '');
    receiver = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        if (isOpen) hooks.push({ headers: request.headers, body });
        response.writeHead(isOpen ? 204 : 503).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const entry = (name: string, signalbox: object) => ({ command: '/bin/sh', args: [small, name, folder], signalbox });
    const recovery = { strategy: 'redirect', redirectTo: 'spare', redirectAfterMs: 100 };
    installation = await Installation.create(
      { amqp: amqp!, mongo: mongo!, consul: consul! },
      {
        mcpServers: { frail: entry('frail', { pool: { min: 0 }, recovery }), spare: entry('spare', {}) },
        signalbox: {
          notifications: {
            channels: {
              ops: { type: 'webhook', url, secret: SECRET, maxAttempts: 100, minBackoffMs: 100, maxBackoffMs: 500 },
            },
            rules: [{ on: ['server.failed', 'server.redirected'], servers: ['frail'], channels: ['ops'] }],
          },
        },
      },
    );
    registries.push(await installation.start('registry', own), await installation.start('registry', own));
    await installation.start('tool-executor', own);
    await waitFor(async () => {
      const servers: { name: string; state: string }[] = await dataOf(registries[0]!, '/servers');
      return ['frail', 'spare'].every((name) => servers.some((one) => one.name === name && one.state === 'running'));
    }, WITHIN);
  }, 240_000);
  afterAll(async () => {
    await installation?.[Symbol.asyncDispose]();
    receiver?.closeAllConnections();
    receiver?.close();
    rmSync(folder, { recursive: true, force: true });
    await fetch(`${consul}/v1/kv/${prefix}?recurse`, { method: 'DELETE' });
  }, 60_000);

  it('tell what the one that was killed still owed, and what it had sent nobody twice', async () => {
    await waitFor(async () => (await dataOf(registries[0]!, '/notifications/channels')).leader, WITHIN);
    writeFileSync(join(folder, 'broken-frail'), '');
    process.kill(Number(readFileSync(join(folder, 'started-frail'), 'utf8')), 'SIGKILL');
    const owed = async (
      registry: ServiceProcess,
    ): Promise<{ notification: string; topic: string; deliveries: any }[]> =>
      dataOf(registry, '/notifications?state=owed');
    // the one that leads knows how often it has tried
    const leader = await waitFor(async () => {
      for (const registry of registries) {
        const all = await owed(registry);
        if (all.length === 2 && all.every(({ deliveries }) => deliveries.ops.attempts > 0)) return registry;
      }
      return undefined;
    }, WITHIN);
    const ids = (await owed(leader)).map(({ notification }) => notification);
    const other = registries.find((one) => one !== leader)!;
    await leader.stop('SIGKILL');
    isOpen = true;
    await waitFor(async () => (await dataOf(other, '/notifications?state=sent')).length === 2, WITHIN);
    expect(hooks.map(({ headers }) => headers['webhook-id']).sort()).toEqual(ids.sort());
    for (const { headers, body } of hooks) {
      expect(new Webhook(SECRET).verify(body, headers as Record<string, string>)).toMatchObject({
        data: { server: 'frail' },
      });
    }
    expect((await dataOf(other, '/servers/frail')).redirect).toMatchObject({ to: 'spare' });
  });
});
