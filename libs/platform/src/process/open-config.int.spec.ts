import { newId, type ConfigTree } from '@signalbox/contracts';
import { sectionChecks } from '@signalbox/nest-kit';
import { describeWithServers, freePort, waitFor } from '@signalbox/testing';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import * as z from 'zod';
import type { LiveConfig } from '../config/live-config.js';
import { loadConfig } from '../config/load-config.js';
import { createLogger } from './logger.js';
import { openConfig } from './open-config.js';
import { Shutdown } from './shutdown.js';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const WITHIN = { timeoutMs: 20_000 };
const checks = sectionChecks({ gateway: z.strictObject({ max: z.number().max(100).default(10) }) });

interface Opened {
  readonly config: LiveConfig;
  readonly folder: string;
  readonly file: string;
  max(): unknown;
  printed(): string;
  readonly logger: ReturnType<typeof createLogger>;
}

const gateway = (max: unknown): ConfigTree => ({ signalbox: { gateway: { max } } });
const quick = { SIGNALBOX__CONFIG__POLL_MS: '50', SIGNALBOX__CONFIG__SETTLE_MS: '20' };

/** Opens the configuration of a process, with a file of its own. @param prepare puts the file there */
async function open(
  env: Record<string, string> = {},
  prepare: (file: string) => void = (file) => writeFileSync(file, JSON.stringify(gateway(20))),
): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-open-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'signalbox.json');
  prepare(file);
  const config = loadConfig({ env: { ...quick, SIGNALBOX_DATA: folder, ...env }, argv: ['--config', file] });
  const shutdown = new Shutdown();
  onTestFinished(async () => void (await shutdown.run(5_000)));
  let printed = '';
  const logger = createLogger(config.process.logging, { write: (text) => (printed += text) });
  await openConfig({ config, logger, shutdown, stopping: new AbortController().signal }, checks);
  const max = (): unknown => (config.effective() as { signalbox: { gateway: { max: number } } }).signalbox.gateway.max;
  return { config, folder, file, max, printed: () => printed, logger };
}

const becomes = ({ max }: Opened, value: unknown) =>
  waitFor(() => max() === value, { ...WITHIN, what: `max = ${String(value)}` });
const stateOf = ({ config }: Opened, source: string) => config.layers().find((layer) => layer.source === source);
const isState = (opened: Opened, source: string, state: string) =>
  waitFor(() => stateOf(opened, source)?.state === state, { ...WITHIN, what: `${source} ${state}` });

describe('the configuration file of a process', () => {
  it.each([
    ['written in place', (file: string, text: string) => writeFileSync(file, text)],
    [
      'replaced by another one, as editors do it',
      (file: string, text: string) => {
        writeFileSync(`${file}.new`, text);
        renameSync(`${file}.new`, file);
      },
    ],
  ])('is watched: %s', async (_how, write) => {
    const opened = await open();
    expect(opened.max()).toBe(20);
    write(opened.file, JSON.stringify(gateway(30)));
    await becomes(opened, 30);
    write(opened.file, JSON.stringify(gateway(40)));
    await becomes(opened, 40);
    expect(opened.printed()).toContain('a restart is needed');
  });

  it('is watched behind a link, as Kubernetes mounts it', async () => {
    const opened = await open({}, (file) => {
      mkdirSync(join(file, '../one'));
      writeFileSync(join(file, '../one/signalbox.json'), JSON.stringify(gateway(20)));
      symlinkSync('one', join(file, '../data'));
      symlinkSync('data/signalbox.json', file);
    });
    mkdirSync(join(opened.folder, 'two'));
    writeFileSync(join(opened.folder, 'two/signalbox.json'), JSON.stringify(gateway(30)));
    symlinkSync('two', join(opened.folder, 'data.new'));
    renameSync(join(opened.folder, 'data.new'), join(opened.folder, 'data'));
    await becomes(opened, 30);
  });

  it('may be away or broken for a while: what was in it holds', async () => {
    const opened = await open();
    unlinkSync(opened.file);
    await isState(opened, 'file', 'refused');
    expect(stateOf(opened, 'file')!.problems[0]!.message).toContain('ENOENT');
    writeFileSync(opened.file, '{ "signalbox": ');
    await waitFor(() => stateOf(opened, 'file')!.problems[0]!.message.includes('is not JSON'), WITHIN);
    expect(opened.max()).toBe(20);
    writeFileSync(opened.file, JSON.stringify(gateway(21)));
    await becomes(opened, 21);
    expect(stateOf(opened, 'file')).toMatchObject({ state: 'ok', problems: [] });
    expect(opened.printed()).toContain('configuration refused');
  });

  it('sets the level of every logger at once', async () => {
    const opened = await open();
    const child = opened.logger.child({ service: 'gateway' });
    writeFileSync(opened.file, JSON.stringify({ signalbox: { logging: { level: 'debug' } } }));
    await waitFor(() => child.level === 'debug' && opened.logger.level === 'debug', WITHIN);
  });

  it('is left alone when it is not to be watched', async () => {
    const opened = await open({ SIGNALBOX__CONFIG__WATCH: 'false' });
    const watched = await open();
    for (const { file } of [opened, watched]) writeFileSync(file, JSON.stringify(gateway(30)));
    await becomes(watched, 30);
    expect(opened.max()).toBe(20);
  });

  it('stops the start when a section is wrong, with path and source', async () => {
    await expect(open({ SIGNALBOX__GATEWAY__MAX: '500' })).rejects.toThrow(
      /^signalbox\.gateway\.max: .*100.* \(in SIGNALBOX__GATEWAY__MAX\)$/,
    );
  });
});

describe('a Consul that does not answer', () => {
  it('stops the start when adapters work with it', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const needed = { signalbox: { adapters: { directory: 'consul' }, startup: { waitMs: 0 } } };
    const opening = open({ CONSUL_URL: url }, (file) => writeFileSync(file, JSON.stringify(needed)));
    await expect(opening).rejects.toThrow(/consul at .*CONSUL_URL.* did not answer/);
  });

  it('does not stop it when they do not', async () => {
    const opened = await open({ CONSUL_URL: `http://127.0.0.1:${await freePort()}` });
    expect(opened.max()).toBe(20);
    expect(stateOf(opened, 'consul')).toMatchObject({ state: 'away' });
    expect(opened.printed()).toContain('counts when it answers');
  });
});

describeWithServers(['CONSUL_URL'], 'the configuration in Consul', (url) => {
  const kv = async (method: string, key: string, body?: string): Promise<void> => {
    const answer = await fetch(`${url}/v1/kv/${key}`, { method, ...(body !== undefined && { body }) });
    expect(answer.ok).toBe(true);
  };
  function prefixForTest(): string {
    const prefix = `signalbox-test/${newId()}`;
    onTestFinished(() => kv('DELETE', `${prefix}?recurse`));
    return prefix;
  }
  const envOf = (prefix: string, at = url!) => ({ CONSUL_URL: at, SIGNALBOX_CONSUL_PREFIX: prefix });

  it('goes before the environment, which goes before the file; and is watched', async () => {
    const prefix = prefixForTest();
    const opened = await open({ ...envOf(prefix), SIGNALBOX__GATEWAY__MAX: '30' });
    expect(opened.max()).toBe(30);
    await kv('PUT', `${prefix}/signalbox/gateway/max`, '40');
    await becomes(opened, 40);
    await kv('PUT', `${prefix}/mcpServers/new`, '{"command":"x"}');
    await waitFor(() => opened.config.servers.some(({ name }) => name === 'new'), WITHIN);
    const again = await open({ ...envOf(prefix), SIGNALBOX__GATEWAY__MAX: '30' });
    expect(again.max()).toBe(40);
    await kv('DELETE', `${prefix}?recurse`);
    await becomes(opened, 30);
    expect(opened.config.servers.some(({ name }) => name === 'new')).toBe(false);
  });

  it('changes nothing when it is wrong while running, and says so', async () => {
    const prefix = prefixForTest();
    const opened = await open(envOf(prefix));
    await kv('PUT', `${prefix}/signalbox/gateway/max`, '400');
    await isState(opened, 'consul', 'refused');
    expect(stateOf(opened, 'consul')!.problems).toMatchObject([
      { path: 'signalbox.gateway.max', source: 'consul', where: `${prefix} in Consul` },
    ]);
    await kv('PUT', prefix, 'no JSON');
    await waitFor(() => JSON.stringify(stateOf(opened, 'consul')!.problems).includes('is not a JSON object'), WITHIN);
    expect(opened.max()).toBe(20);
    await kv('DELETE', `${prefix}?recurse`);
    await kv('PUT', `${prefix}/signalbox/gateway/max`, '40');
    await becomes(opened, 40);
  });

  it('does not stop the start when it is wrong: weaker sources count there', async () => {
    const prefix = prefixForTest();
    await kv('PUT', `${prefix}/signalbox/gateway/max`, '400');
    await kv('PUT', `${prefix}/mcpServers/good`, '{"command":"x"}');
    const opened = await open(envOf(prefix));
    expect(opened.max()).toBe(20);
    expect(opened.config.servers.map(({ name }) => name)).toContain('good');
    expect(opened.config.problems).toMatchObject([{ path: 'signalbox.gateway.max', source: 'consul' }]);
    expect(opened.printed()).toMatch(/signalbox\.gateway\.max: .*it is left out/);

    await kv('PUT', prefix, 'no JSON');
    const other = await open(envOf(prefix));
    expect(other.max()).toBe(20);
    expect(stateOf(other, 'consul')).toMatchObject({ state: 'refused' });
    await kv('DELETE', prefix);
    await kv('PUT', `${prefix}/signalbox/gateway/max`, '40');
    await becomes(other, 40);
  });

  it('counts as soon as a Consul that was away answers', async () => {
    const prefix = prefixForTest();
    await kv('PUT', `${prefix}/signalbox/gateway/max`, '40');
    const port = await freePort();
    const opened = await open(envOf(prefix, `http://127.0.0.1:${port}`));
    expect([opened.max(), stateOf(opened, 'consul')?.state]).toEqual([20, 'away']);
    const { hostname, port: real } = new URL(url!);
    const way = createServer((socket) => {
      const onward = connect(Number(real), hostname);
      socket.pipe(onward).pipe(socket);
      socket.on('error', () => onward.destroy()).on('close', () => onward.destroy());
      onward.on('error', () => socket.destroy());
    });
    onTestFinished(async () => void way.close());
    await new Promise<void>((resolve) => way.listen(port, '127.0.0.1', resolve));
    await becomes(opened, 40);
    expect(stateOf(opened, 'consul')).toMatchObject({ state: 'ok', problems: [] });
  });
});
