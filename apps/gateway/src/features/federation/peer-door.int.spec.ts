import { createEvent, newId, upstreamSettingsSchema, type ExecuteCommand } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { afterEach, expect, it } from 'vitest';
import { startGateway, WireClient, type GatewayUnderTest } from '../../../test/gateway-under-test.js';

const [east, north] = [newId(), newId()];
let gateway: GatewayUnderTest;
let ran: ExecuteCommand[];

const definition = (name: string, settings: object) => ({
  name,
  target: { kind: 'http' as const, url: 'http://127.0.0.1:1/mcp', headers: {} },
  settings: upstreamSettingsSchema.parse(settings),
  source: 'test',
});
const run = (server: string) => (command: ExecuteCommand) => {
  ran.push(command);
  const content = [{ type: 'text', text: server }];
  return { ok: true as const, result: { content, contents: [{ uri: 'file:///a', text: server }] } };
};
const tool = (name: string) => ({ name, inputSchema: { type: 'object' } });

async function start(federation: object = {}): Promise<void> {
  ran = [];
  const servers = [definition('east', { peer: {} }), definition('zeta', {}), definition('private', {})];
  gateway = await startGateway({ servers, sections: { federation } });
  const resources = [{ uri: 'file:///a', name: 'a' }];
  await gateway.serve('zeta', { tools: [tool('run')], resources }, run('zeta'));
  await gateway.serve('private', { tools: [tool('run')] }, run('private'));
  await gateway.serve('east', { tools: [tool('fs__run')], resources }, run('east'));
  const said = { protocolVersion: '2026-07-28', serverInfo: { name: 'signalbox', version: '1' } };
  const capabilities = { experimental: { 'io.signalbox/federation': { suite: east } } };
  const started = { server: 'east', executor: 'tool-executor-1', ...said, capabilities };
  await gateway.append('tool-executor-1', 'upstream-east', createEvent('server.started', started));
}

afterEach(() => gateway.stop());

const doorOf = (suite: string) => new WireClient(`${gateway.url}/peers/${suite}/mcp`);
const toolsOf = async (client: WireClient): Promise<string[]> => {
  const { body } = await client.request('tools/list');
  return body.result.tools.map(({ name }: { name: string }) => name);
};
const shows = (client: WireClient, names: readonly string[]) =>
  waitFor(async () => (await toolsOf(client)).join() === names.join(), { what: names.join() });

it('shows a suite what is exported, and calls bring their way and their time with them', async () => {
  await start({ withholds: ['priv*'] });
  const client = doorOf(north);
  const { body } = await client.initialize();
  const { suite: own } = body.result.capabilities.experimental['io.signalbox/federation'];
  await shows(client, ['zeta__run']);

  const _meta = { 'io.signalbox/via': [east, north], 'io.signalbox/timeoutMs': 5_000 };
  const called = await client.request('tools/call', { name: 'zeta__run', _meta });
  expect(called.body.result.content[0].text).toBe('zeta');
  expect(ran[0]!.params).toMatchObject({ _meta });
  expect(ran[0]!.deadline).toBeLessThanOrEqual(Date.now() + 5_000);
  const [requested] = await gateway.events('tool.call.requested');
  expect(requested!.data).toMatchObject({ suites: [east, north] });

  // whoever does not say that it was there is named all the same
  await client.request('tools/call', { name: 'zeta__run' });
  expect(ran[1]!.params).toMatchObject({ _meta: { 'io.signalbox/via': [north] } });

  const hidden = await client.request('tools/call', { name: 'private__run' });
  expect(hidden.body.error.message).toContain('Unknown tool: private__run');
  const looped = await client.request('tools/call', { name: 'zeta__run', _meta: { 'io.signalbox/via': [own, north] } });
  expect(looped.body.error).toMatchObject({ code: -32014, data: { retryable: false, suite: own } });
  expect(ran).toHaveLength(2);
});

it('keeps its own resources before those of peers', async () => {
  await start();
  const client = new WireClient(`${gateway.url}/mcp`);
  await client.initialize();
  await shows(client, ['private__run', 'zeta__run', 'east__fs__run']);
  const { body } = await client.request('resources/read', { uri: 'file:///a' });
  expect(body.result.contents[0].text).toBe('zeta');
});

it('keeps a bounded number of views, and makes them again for those who come back', async () => {
  await start({ maxPeers: 1, transit: true });
  const clients = [east, north, newId()].map(doorOf);
  for (const client of clients) await client.initialize();
  const [toEast, ...toOthers] = clients;
  for (let round = 0; round < 3; round++) {
    await shows(toEast!, ['private__run', 'zeta__run']);
    for (const client of toOthers) await shows(client, ['east__fs__run', 'private__run', 'zeta__run']);
  }
});

it('can be closed', async () => {
  await start({ accepts: false });
  const { status, body } = await doorOf(north).initialize();
  expect(status).toBe(403);
  expect(body.error.message).toContain('signalbox.federation.accepts');
});
