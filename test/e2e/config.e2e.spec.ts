import { runSignalbox, toolsOf, waitFor, type RunningSignalbox } from '@signalbox/testing';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { newSdkClient, type TestClient } from './support/clients.js';

vi.setConfig({ testTimeout: 150_000 });

const WITHIN = { timeoutMs: 60_000, intervalMs: 25 };
const gate = {
  command: process.execPath,
  args: [join(import.meta.dirname, 'support/gate-server.mjs')],
  signalbox: { pool: { max: 1 } },
};

/** One product, whose file is edited from one test to the next. */
describe('editing the configuration file while Signalbox runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-edit-'));
  const file = join(folder, 'signalbox.json');
  const opens = join(folder, 'open');
  let signalbox: RunningSignalbox;
  let client: TestClient;

  /** As most editors write: a new file takes the place of the old one. */
  const edit = (text: string): void => {
    writeFileSync(`${file}~`, text);
    renameSync(`${file}~`, file);
  };
  const get = async (path: string): Promise<any> => {
    const answer = await fetch(`${signalbox.registry}${path}`);
    return ((await answer.json()) as { data: unknown }).data;
  };
  const pidOf = async (server: string): Promise<string> => (await client.call(`${server}__pid`)).content[0]!.text!;
  const servers = async (): Promise<string[]> =>
    [...new Set((await client.tools()).map((name) => name.split('__')[0]!))].filter((name) => name.length === 1);

  beforeAll(async () => {
    edit(JSON.stringify({ mcpServers: { a: gate, b: gate } }));
    signalbox = await runSignalbox({
      env: { SIGNALBOX_CONFIG: file, SIGNALBOX__CONFIG__POLL_MS: '100', SIGNALBOX__CONFIG__SETTLE_MS: '50' },
    });
    await toolsOf(signalbox, 'a', 'b');
    client = await newSdkClient(signalbox.mcp);
  });
  afterAll(async () => {
    await client?.close().catch(() => undefined);
    await signalbox?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  it('brings a server and takes another away; a call of a third one goes on, and clients are told', async () => {
    const [pid, heard] = [await pidOf('a'), client.heard.length];
    const waiting = client.call('a__wait', { file: opens });
    edit(JSON.stringify({ mcpServers: { a: gate, c: gate } }));

    await waitFor(async () => (await servers()).join() === 'a,c', { ...WITHIN, what: 'the servers a and c' });
    const changed = () => client.heard.slice(heard).some(({ method }) => method === 'notifications/tools/list_changed');
    await waitFor(changed, { ...WITHIN, what: 'list_changed' });
    expect(await waitFor(() => pidOf('c'), WITHIN)).toMatch(/^\d+$/);

    writeFileSync(opens, '');
    expect((await waiting).content[0]!.text).toBe(pid);
    expect(await pidOf('a')).toBe(pid);
    await waitFor(async () => (await get('/config')).version === 2, WITHIN);
    const { changes, cause } = await get('/config/versions/2');
    expect(cause).toBe('edit');
    expect(changes.map(({ op, path }: { op: string; path: string }) => [op, path]).toSorted()).toEqual([
      ['add', 'mcpServers.c'],
      ['remove', 'mcpServers.b'],
    ]);
  });

  it('changes nothing when it is broken, and says so', async () => {
    const refused = (what: string) =>
      waitFor(
        async () => {
          const [source] = (await get('/config')).sources;
          return source.state === 'refused' && JSON.stringify(source.problems).includes(what) && source;
        },
        { ...WITHIN, what: `a refusal with ${what}` },
      );
    edit('{ "mcpServers": { "a": }');
    await refused('is not JSON');
    edit(JSON.stringify({ mcpServers: { a: gate, d: { comand: 'x' } } }));
    await refused('mcpServers.d');
    edit(JSON.stringify({ mcpServers: { d: gate }, signalbox: { gateway: { sessions: { max: 0 } } } }));
    await refused('signalbox.gateway.sessions.max');
    expect(await servers()).toEqual(['a', 'c']);
    expect((await get('/config')).version).toBe(2);
    expect(signalbox.output()).toContain('signalbox.gateway.sessions.max');
  });

  it('that sets the safety class of a tool is seen by the gateway without a new connection', async () => {
    const pid = await pidOf('a');
    const safe = { ...gate, signalbox: { ...gate.signalbox, tools: { pid: { class: 'read' } } } };
    edit(JSON.stringify({ mcpServers: { a: safe, c: gate } }));
    const classOf = async (): Promise<unknown> => {
      const { tools } = await get('/servers/a');
      return tools.find(({ name }: { name: string }) => name === 'pid')?.safetyClass;
    };
    await waitFor(async () => (await classOf()) === 'read', WITHIN);
    expect(await pidOf('a')).toBe(pid);
    const requested = async (): Promise<boolean> => {
      await pidOf('a');
      const answer = await fetch(`${signalbox.monitor}/events?type=tool.call.requested&limit=1000`);
      const { events } = (await answer.json()) as { events: { data: { safetyClass: string } }[] };
      return events.at(-1)?.data.safetyClass === 'read';
    };
    await waitFor(requested, WITHIN);
  });

  it('changes a limit that is read per use, and says what waits for a restart', async () => {
    const mcpServers = { a: gate, c: gate };
    const mcp = async (): Promise<number> => {
      const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
      return (await fetch(signalbox.mcp, { method: 'POST', headers, body: ' '.repeat(5_000) })).status;
    };
    expect(await mcp()).not.toBe(413);
    edit(
      JSON.stringify({ mcpServers, signalbox: { gateway: { http: { maxBodyBytes: 4_000 }, sessions: { max: 50 } } } }),
    );
    await waitFor(async () => (await mcp()) === 413, { ...WITHIN, what: 'the new limit' });
    expect((await get('/config')).needsRestart).toEqual(['signalbox.gateway.sessions.max']);
    edit(JSON.stringify({ mcpServers }));
    await waitFor(async () => (await mcp()) !== 413, { ...WITHIN, what: 'the old limit' });
  });

  it('can be taken back', async () => {
    const answer = await fetch(`${signalbox.registry}/config/rollback`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ version: 1, who: 'ann', why: 'c is too slow' }),
    });
    expect(answer.status).toBe(200);
    await waitFor(async () => (await servers()).join() === 'a,b', { ...WITHIN, what: 'the servers a and b' });
    expect(await waitFor(() => pidOf('b'), WITHIN)).toMatch(/^\d+$/);
  });
});
