import { createEvent, newId, type NewEvent } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { registryForTest, type RegistryOptions } from '../../../test/running-service.js';

const PATIENT = { timeoutMs: 30_000, intervalMs: 20 };
const NODE = { command: 'node', args: ['server.js'] };
const withStandIn = (redirectTo: string, more: object = {}) => ({
  ...NODE,
  signalbox: { recovery: { strategy: 'redirect', redirectTo, redirectAfterMs: 1, wellForMs: 1, ...more } },
});

async function registry(options: RegistryOptions = {}) {
  const running = await registryForTest(options);
  const { http, ports } = running;
  const define = (name: string, definition: object) => http.post('/servers').send({ name, definition });
  const executor = 'tool-executor-1';
  const tell = (server: string, event: NewEvent) =>
    ports.events.append({
      stream: `upstream-${server}`,
      expectedVersion: 'any',
      events: [event],
      commitId: newId(),
      metadata: { actor: executor, correlationId: 'c' },
    });
  const said = { protocolVersion: '2025-11-25', serverInfo: { name: 'x', version: '1' }, capabilities: {} };
  const runs = (server: string) => tell(server, createEvent('server.started', { server, executor, ...said }));
  const fails = (server: string) =>
    tell(server, createEvent('server.failed', { server, executor, error: 'gone', attempt: 1, retryInMs: 100 }));
  const redirects = async () =>
    (await ports.events.find({ type: 'server.#', limit: 1_000 })).items
      .map(({ event }) => event)
      .filter(({ type }) => type.startsWith('server.redirect'));
  const until = (count: number) =>
    waitFor(async () => {
      const all = await redirects();
      return all.length >= count && all;
    }, PATIENT);
  const server = async (name: string) => (await http.get(`/servers/${name}`).expect(200)).body.data;
  return { ...running, define, runs, fails, redirects, until, server };
}

describe('a server that has failed', () => {
  it('has its calls sent to its stand-in, and back when it is well, with who and why', async () => {
    const { define, runs, fails, until, server } = await registry();
    await define('spare', NODE).expect(201);
    await define('frail', withStandIn('spare')).expect(201);
    await runs('spare');
    await runs('frail');
    await fails('frail');
    const [begun] = await until(1);
    expect(begun).toMatchObject({
      type: 'server.redirected',
      stream: 'server-frail',
      actor: 'registry-1',
      data: { server: 'frail', to: 'spare', who: 'registry-1', why: 'frail has failed: gone' },
    });
    expect(await server('frail')).toMatchObject({
      state: 'failed',
      redirectTo: 'spare',
      redirect: { to: 'spare', since: begun!.time, why: 'frail has failed: gone' },
    });
    await runs('frail');
    const [, ended] = await until(2);
    expect(ended).toMatchObject({ type: 'server.redirect_ended', data: { why: 'frail is well again' } });
    await waitFor(async () => (await server('frail')).redirect === undefined, PATIENT);
  });

  it('waits for a stand-in that does not run, and takes its calls back from one that fails', async () => {
    const { define, runs, fails, until } = await registry();
    await define('spare', NODE).expect(201);
    await define('frail', withStandIn('spare')).expect(201);
    await fails('frail');
    await fails('spare');
    await runs('spare');
    expect((await until(1))[0]).toMatchObject({ type: 'server.redirected' });
    await fails('spare');
    expect((await until(2))[1]).toMatchObject({
      type: 'server.redirect_ended',
      data: { why: 'spare is failed' },
    });
  });

  it('is looked after by one registry, and by the next one when that ends', async () => {
    const first = await registry();
    await first.define('spare', NODE).expect(201);
    await first.define('frail', withStandIn('spare')).expect(201);
    await first.runs('spare');
    const second = await registry({ ports: first.ports, instanceId: 'registry-2' });
    await first.fails('frail');
    expect((await first.until(1))[0]!.actor).toBe('registry-1');
    await first.service.stop();
    await first.runs('frail');
    const all = await second.until(2);
    expect(all.map(({ type, actor }) => [type, actor])).toEqual([
      ['server.redirected', 'registry-1'],
      ['server.redirect_ended', 'registry-2'],
    ]);
  });
});

describe('a stand-in', () => {
  it.each([
    ['that does not exist', withStandIn('nobody'), 409, 'nobody, which is to stand in for frail, does not exist'],
    ['that is the server itself', withStandIn('frail'), 409, 'stand in for each other: frail → frail'],
    ['that closes a circle', withStandIn('spare'), 409, 'frail → spare → frail'],
    ['without the strategy', { ...NODE, signalbox: { recovery: { redirectTo: 'spare' } } }, 400, 'goes with strategy'],
    ['that is missing', { ...NODE, signalbox: { recovery: { strategy: 'redirect' } } }, 400, 'is needed there'],
    [
      'by a strategy that is none',
      { ...NODE, signalbox: { recovery: { strategy: 'pray' } } },
      400,
      'restart, redirect',
    ],
    ['with a key that is misspelt', withStandIn('spare', { wellForMS: 1 }), 400, 'wellForMS: unknown key'],
  ])('%s is refused', async (_what, definition, status, message) => {
    const { define, http } = await registry();
    await define('frail', NODE).expect(201);
    await define('spare', withStandIn('frail')).expect(201);
    const { body } = await http.put('/servers/frail').send({ definition }).expect(status);
    expect(body.detail).toContain(message);
  });
});
