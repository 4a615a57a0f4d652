import { newId } from '@signalbox/contracts';
import { describeWithServers, waitFor } from '@signalbox/testing';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Installation, type ServiceProcess } from './support/distributed.js';

const WITHIN = { timeoutMs: 90_000, intervalMs: 50 };
const gate = { command: process.execPath, args: [join(import.meta.dirname, 'support/gate-server.mjs')] };

vi.setConfig({ testTimeout: 120_000 });

describeWithServers(['AMQP_URL', 'MONGODB_URL', 'CONSUL_URL'], 'Consul and processes', (amqp, mongo, consul) => {
  const prefix = `signalbox-test/${newId()}`;
  const own = { SIGNALBOX_CONSUL_PREFIX: prefix };
  let installation: Installation;
  let registry: ServiceProcess;
  let gateway: ServiceProcess;
  let executor: ServiceProcess;

  const kv = async (method: string, key: string, body?: unknown): Promise<void> => {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    expect((await fetch(`${consul}/v1/kv/${prefix}${key}`, init)).ok).toBe(true);
  };
  const get = async (path: string): Promise<any> => (await (await fetch(registry.url + path)).json()).data;
  const call = async (server: string): Promise<number> => {
    const headers = { 'content-type': 'application/json' };
    return (await fetch(`${gateway.url}/tools/${server}__pid/call`, { method: 'POST', headers, body: '{}' })).status;
  };
  const isCalled = (server: string, status: number) =>
    waitFor(async () => (await call(server)) === status, { ...WITHIN, what: `${status} for a call of ${server}` });

  beforeAll(async () => {
    const servers = { amqp: amqp!, mongo: mongo!, consul: consul! };
    installation = await Installation.create(servers, { mcpServers: { a: gate } });
    registry = await installation.start('registry', own);
    executor = await installation.start('tool-executor', own);
    gateway = await installation.start('gateway', own);
    await isCalled('a', 200);
  }, 180_000);
  afterAll(async () => {
    await installation?.[Symbol.asyncDispose]();
    await kv('DELETE', '?recurse');
  }, 60_000);

  it('a server that is put into Consul is started by the executor and offered by the gateway', async () => {
    await kv('PUT', '/mcpServers/c', gate);
    await isCalled('c', 200);
    await waitFor(async () => (await get('/config')).version === 2, WITHIN);
    const { changes, sources, who } = await get('/config/versions/2');
    expect(changes).toMatchObject([{ op: 'add', path: 'mcpServers.c' }]);
    expect([sources, who]).toEqual([['consul'], `consul: ${prefix} in Consul`]);
    const { values } = await get('/config');
    expect(values).toContainEqual(expect.objectContaining({ path: 'mcpServers.c.command', source: 'consul' }));
  });

  it('what is wrong there is refused by each process that uses it, and changes nothing', async () => {
    await kv('PUT', '/signalbox/gateway/sessions/max', 0);
    await waitFor(() => gateway.output().includes('signalbox.gateway.sessions.max'), WITHIN);
    await kv('DELETE', '/signalbox/gateway/sessions/max');
    await kv('PUT', '/mcpServers/d', { comand: 'x' });
    const refused = async (): Promise<boolean> =>
      (await get('/config')).sources.some(({ source, state }: any) => source === 'consul' && state === 'refused');
    await waitFor(refused, WITHIN);
    await waitFor(() => executor.output().includes('mcpServers.d'), WITHIN);
    await kv('DELETE', '/mcpServers/d');
    await waitFor(async () => !(await refused()), WITHIN);
    expect([await call('a'), await call('c')]).toEqual([200, 200]);
  });

  it('a rollback at the registry reaches the others by the log, and those that start later', async () => {
    const answer = await fetch(`${registry.url}/config/rollback`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ version: 1, who: 'ann', why: 'c is not wanted' }),
    });
    expect(answer.status).toBe(200);
    // nobody waits for an answer that does not come, also while the processes hear of it one after the other
    await isCalled('c', 404);
    expect(await call('a')).toBe(200);
    const pools = async (of: ServiceProcess): Promise<string[]> =>
      (await (await fetch(`${of.url}/pools`)).json()).pools.map(({ server }: { server: string }) => server);
    await waitFor(async () => !(await pools(executor)).includes('c'), WITHIN);
    const later = await installation.start('tool-executor', own);
    expect(await pools(later)).toContain('a');
    expect(await pools(later)).not.toContain('c');
  });
});
