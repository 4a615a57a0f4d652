import { runSignalbox, toolsOf, waitFor, type RunningSignalbox } from '@signalbox/testing';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const COUNTING = join(import.meta.dirname, '../../apps/tool-executor/test/counting-server.mjs');
const PATIENCE = { timeoutMs: 30_000, intervalMs: 25 };

let folder: string;
let signalbox: RunningSignalbox;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-found-'));
  mkdirSync(join(folder, 'hosts'));
  const discovery = { files: [{ name: 'hosts', path: join(folder, 'hosts') }], graceMs: 0 };
  signalbox = await runSignalbox({ config: { signalbox: { discovery } }, dataDir: join(folder, 'data') });
});
afterEach(async () => {
  await signalbox[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const file = () => join(folder, 'hosts', 'agent.json');
const post = (url: string, body: object) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

async function server(name: string): Promise<{ state: string; source: string; executors: object }> {
  const answer = await fetch(`${signalbox.registry}/servers/${name}`);
  return ((await answer.json()) as { data: { state: string; source: string; executors: object } }).data;
}

describe('a server in a watched folder', () => {
  it('is found, approved, callable through the gateway, and gone with its file', async () => {
    const found = { command: process.execPath, args: [COUNTING, join(folder, 'runs')] };
    writeFileSync(file(), JSON.stringify({ mcpServers: { found } }));
    const quarantined = async () => (await server('found')).state === 'quarantined' && server('found');
    expect(await waitFor(quarantined, PATIENCE)).toMatchObject({ source: 'discovered:hosts' });
    await post(`${signalbox.registry}/servers/found/approve`, { who: 'ada', why: 'looks well' });
    const tools = (await toolsOf(signalbox, 'found')).filter((name) => name.startsWith('found__'));
    expect(tools.length).toBeGreaterThan(0);
    // an executor that had started it before would have said so
    const { events } = (await (await fetch(`${signalbox.monitor}/events?type=server.%23&limit=1000`)).json()) as {
      events: { type: string; data: { server: string; command?: string } }[];
    };
    const story = events.filter(({ data }) => data.server === 'found').map(({ type, data }) => data.command ?? type);
    expect(story.indexOf('server.started')).toBeGreaterThan(story.indexOf('approve'));
    const called = await post(`${signalbox.gateway}/tools/found__slow/call`, { arguments: { id: 'one' } });
    const { result } = (await called.json()) as { result: { content: unknown } };
    expect(result.content).toEqual([{ type: 'text', text: 'ran one' }]);
    rmSync(file());
    await waitFor(async () => (await server('found')).state === 'removed', PATIENCE);
    await waitFor(async () => {
      const list = (await (await fetch(`${signalbox.gateway}/tools?limit=1000`)).json()) as {
        tools: { name: string }[];
      };
      return !list.tools.some(({ name }) => name.startsWith('found__'));
    }, PATIENCE);
  });
});
