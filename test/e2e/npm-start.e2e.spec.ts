import { descendants, isAlive, runSignalbox, toolsOf, type RunningSignalbox } from '@signalbox/testing';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newSdkClient, type TestClient } from './support/clients.js';
import { everything } from './support/servers.js';

describe('npm start without a configuration', () => {
  let signalbox: RunningSignalbox;
  let client: TestClient;
  beforeAll(async () => {
    signalbox = await runSignalbox();
    await toolsOf(signalbox, 'filesystem', 'everything', 'fetch', 'sql');
    client = await newSdkClient(signalbox.mcp);
  });
  afterAll(() => signalbox?.[Symbol.asyncDispose]());

  it('prints the endpoint, a client configuration to paste, and the page of the monitor', () => {
    const banner = signalbox.output();
    expect(banner).toMatch(signalbox.mcp);
    expect(banner).toMatch(signalbox.monitor);
    const start = banner.indexOf('{');
    const pasted = /\{\s*"mcpServers"[\s\S]*?\n?\s*\}\s*\}\s*\}/.exec(banner.slice(start))![0];
    expect(JSON.parse(pasted).mcpServers.signalbox.url).toBe(signalbox.mcp);
  });

  it('has a file server over a sandbox folder', async () => {
    const allowed = await client.call('filesystem__list_allowed_directories');
    const sandbox = allowed.content[0]!.text!.split('\n').at(-1)!;
    writeFileSync(join(sandbox, 'hello.txt'), 'from the sandbox');
    const read = await client.call('filesystem__read_text_file', { path: join(sandbox, 'hello.txt') });
    expect(read.content[0]!.text).toBe('from the sandbox');
    expect((await client.call('filesystem__read_text_file', { path: '/etc/passwd' })).isError).toBe(true);
  });

  it('has the reference server', async () => {
    expect((await client.call('everything__echo', { message: 'hi' })).content[0]!.text).toBe('Echo: hi');
  });

  it('has a page fetcher that refuses private addresses', async () => {
    const result = await client.call('fetch__fetch_page', { url: `${signalbox.monitor}/` });
    expect(result.isError).toBe(true);
    expect(result.content[0]!.text).toMatch(/private|loopback|not allowed/i);
  });

  it('has an SQL tool over a local file', async () => {
    const names = (await client.tools()).filter((name) => name.startsWith('sql__'));
    expect(names).toEqual(expect.arrayContaining(['sql__query', 'sql__execute']));
    const result = await client.call('sql__query', { sql: 'SELECT 6 * 7 AS answer' });
    expect(JSON.stringify(result)).toMatch('42');
  });

  it('shows its five services and its servers in the registry', async () => {
    const services = async (): Promise<string[]> => {
      const { data } = (await (await fetch(`${signalbox.registry}/services?status=UP`)).json()) as {
        data: { serviceName: string }[];
      };
      return data.map(({ serviceName }) => serviceName).sort();
    };
    await expect.poll(services).toEqual(['gateway', 'monitor', 'registry', 'resource-service', 'tool-executor']);
    const { data } = (await (await fetch(`${signalbox.registry}/servers`)).json()) as {
      data: { name: string; state: string }[];
    };
    for (const name of ['filesystem', 'everything', 'fetch', 'sql']) {
      expect(data.find((server) => server.name === name)).toMatchObject({ state: 'running' });
    }
  });

  it('ends cleanly on ctrl-C, the processes of its servers included', async () => {
    const children = descendants(signalbox.pid);
    expect(children.length).toBeGreaterThanOrEqual(4);
    expect(await signalbox.stop()).toBe(0);
    expect(children.filter(isAlive)).toEqual([]);
  });
});

describe('npm start with a configuration that is partly wrong', () => {
  it('names the wrong entry by its path and runs the others', async () => {
    const broken = { command: 'no-such-program-anywhere' };
    await using signalbox = await runSignalbox({
      config: { mcpServers: { bad: { adress: 'x' }, broken, everything } },
    });
    await toolsOf(signalbox, 'everything');
    expect(signalbox.output()).toMatch('mcpServers.bad');
    const state = async (): Promise<unknown> => {
      const { data } = (await (await fetch(`${signalbox.registry}/servers/broken`)).json()) as {
        data: { lastError?: unknown };
      };
      return JSON.stringify(data);
    };
    await expect.poll(state, { timeout: 10_000 }).toMatch('no-such-program-anywhere');
  });

  it('refuses an address other than loopback without authentication, naming the setting', async () => {
    await expect(runSignalbox({ config: { mcpServers: {} }, env: { SIGNALBOX_BIND: '0.0.0.0' } })).rejects.toThrow(
      /auth/,
    );
  });
});
