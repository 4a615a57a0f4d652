import type { ConfigTree } from '@signalbox/contracts';
import { loadConfig, type LiveConfig } from '@signalbox/platform';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Harness, until } from '../../../test/harness.js';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const COUNTING = join(import.meta.dirname, '../../../test/counting-server.mjs');
let folder: string;
let executor: Harness | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'follow-config-'));
});
afterEach(async () => {
  await executor?.stop();
  executor = undefined;
  await rm(folder, { recursive: true });
});

const counting = (file: string, settings: object = {}): ConfigTree => ({
  command: process.execPath,
  args: [COUNTING, join(folder, file)],
  signalbox: { pool: { max: 1 }, ...settings },
});

/** An executor on a configuration as a process has it. */
async function startWith(mcpServers: ConfigTree): Promise<LiveConfig> {
  const path = join(folder, 'signalbox.json');
  await writeFile(path, JSON.stringify({ mcpServers }));
  const config = loadConfig({ env: { SIGNALBOX_DATA: folder, PATH: process.env['PATH'] }, argv: ['--config', path] });
  executor = await Harness.startWith(config);
  return config;
}

const run = (server: string, id: string, ms = 0) => executor!.call(server, 'slow', { id, ms });
const ran = (id: string) => ({ ok: true, result: { content: [{ type: 'text', text: `ran ${id}` }] } });
const started = async (server: string): Promise<number> =>
  (await executor!.events({ type: 'server.started' })).filter(
    ({ data }) => (data as { server: string }).server === server,
  ).length;

describe('a change of the configuration', () => {
  it('starts, changes and ends the servers that it is about, and leaves the others and their calls alone', async () => {
    const config = await startWith({ a: counting('a'), b: counting('b') });
    await until(async () => expect([await started('a'), await started('b')]).toEqual([1, 1]));

    const slow = run('a', 'long', 2_000);
    const edit = { a: counting('a'), c: counting('c') };
    expect(config.update('file', { mcpServers: edit })).toBe(true);
    await until(async () => expect(await run('c', 'new')).toMatchObject(ran('new')));
    expect(await slow).toMatchObject(ran('long'));
    await until(async () => expect(await executor!.events({ type: 'server.stopped' })).toHaveLength(1));

    expect(config.update('file', { mcpServers: { ...edit, c: counting('other') } })).toBe(true);
    await until(async () => expect(await started('c')).toBe(2));
    expect(await run('c', 'changed')).toMatchObject(ran('changed'));
    expect(await started('a')).toBe(1);
  });

  it('takes a server away only when gateways have had time to hear of it: no call is left without an answer', async () => {
    const config = await startWith({ a: counting('a'), b: counting('b') });
    await until(async () => expect(await run('b', 'first')).toMatchObject(ran('first')));
    config.update('file', { mcpServers: { a: counting('a') } });
    expect(await run('b', 'last')).toMatchObject(ran('last'));
    await until(async () => expect(await executor!.events({ type: 'server.stopped' })).toHaveLength(1));
  });

  it('that is taken back at once starts the server anew, because the gateways have forgotten it', async () => {
    const config = await startWith({ a: counting('a'), b: counting('b') });
    await until(async () => expect([await started('a'), await started('b')]).toEqual([1, 1]));
    config.update('file', { mcpServers: { a: counting('a') } });
    config.update('file', { mcpServers: { a: counting('a'), b: counting('b') } });
    await until(async () => expect(await started('b')).toBe(2));
    await until(async () => expect(await run('b', 'again')).toMatchObject(ran('again')));
    expect(await started('a')).toBe(1);
  });

  it('of what is read per use needs no new connection', async () => {
    const config = await startWith({ a: counting('a') });
    await until(async () => expect(await started('a')).toBe(1));
    config.update('file', { mcpServers: { a: counting('a', { deadlineMs: 200 }) } });
    await until(async () => expect(await run('a', 'late', 1_000)).toMatchObject({ ok: false }));
    expect(await started('a')).toBe(1);
  });
});
