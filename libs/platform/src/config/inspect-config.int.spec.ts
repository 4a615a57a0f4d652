import { newId } from '@signalbox/contracts';
import { sectionChecks } from '@signalbox/nest-kit';
import { describeWithServers, freePort } from '@signalbox/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { inspectConfig } from './inspect-config.js';

const checks = sectionChecks({ gateway: z.strictObject({ max: z.number().max(100).default(10) }) });

function inspect(env: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-inspect-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'signalbox.json');
  writeFileSync(file, JSON.stringify({ mcpServers: { files: { command: 'node' } } }));
  return inspectConfig({ env: { SIGNALBOX_DATA: folder, ...env }, argv: ['--config', file] }, checks);
}

describe('a configuration that is looked at, with a Consul that does not answer', () => {
  it('says so, beside what else is known', async () => {
    const { problems, servers } = await inspect({ CONSUL_URL: `http://127.0.0.1:${await freePort()}` });
    expect(problems).toMatchObject([{ path: 'CONSUL_URL', message: expect.stringContaining('cannot be read') }]);
    expect(servers.map(({ name }) => name)).toEqual(['files']);
  });
});

describeWithServers(['CONSUL_URL'], 'a configuration that is looked at, with Consul', (url) => {
  it('has what is there, and names what is wrong there', async () => {
    const prefix = `signalbox-test/${newId()}`;
    const put = async (key: string, body: string): Promise<void> => {
      expect((await fetch(`${url}/v1/kv/${prefix}/${key}`, { method: 'PUT', body })).ok).toBe(true);
    };
    onTestFinished(async () => void (await fetch(`${url}/v1/kv/${prefix}?recurse`, { method: 'DELETE' })));
    await put('mcpServers/remote', '{"url":"http://127.0.0.1:9/mcp"}');
    const env = { CONSUL_URL: url!, SIGNALBOX_CONSUL_PREFIX: prefix };
    const right = await inspect(env);
    expect(right.problems).toEqual([]);
    expect(right.servers.map(({ name }) => name).toSorted()).toEqual(['files', 'remote']);

    await put('signalbox/gateway/max', '400');
    const wrong = await inspect(env);
    expect(wrong.problems).toMatchObject([{ path: 'signalbox.gateway.max', where: `${prefix} in Consul` }]);
  });
});
