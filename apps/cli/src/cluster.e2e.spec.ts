import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSignalbox, toolsOf, waitFor, type RunningSignalbox } from '@signalbox/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { everything } from '../../../test/e2e/support/servers.js';
import { signalbox } from '../test/signalbox.js';

const PATIENCE = { timeoutMs: 60_000, intervalMs: 200 };
let folder: string;
let config: string;
let product: RunningSignalbox;

const writeConfig = (section: object): void =>
  writeFileSync(config, JSON.stringify({ signalbox: section, mcpServers: { everything } }));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-cluster-'));
  config = join(folder, 'signalbox.json');
  // the file is not looked at by itself: so a change that counts was read by a command
  writeConfig({ config: { watch: false }, cluster: { heartbeatMs: 500 } });
  product = await runSignalbox({ env: { SIGNALBOX_CONFIG: config } });
  await toolsOf(product, 'everything');
});
afterAll(async () => {
  await product?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => signalbox(args, { env: { SIGNALBOX_PORT_BASE: String(product.portBase) } });
const call = () => run('tools', 'call', 'everything__echo', '--arg', 'message=hello');

it('shows who leads and how busy each instance is', async () => {
  const shown = await waitFor(
    async () => {
      const { stdout } = await run('cluster', 'show');
      return !stdout.includes('never') && stdout;
    },
    { ...PATIENCE, what: 'reports of all' },
  );
  expect(shown).toMatch(/^registry-1 +UP +worker, leads +\d+\/1000 +0 +\d+ ms +\d+ MiB/m);
  expect(shown.trim().split('\n')).toHaveLength(6);
});

it('is what an agent can ask for through the gateway', async () => {
  const view = await waitFor(
    async () => {
      const { stdout, code } = await run('tools', 'call', 'registry__cluster_view');
      return code === 0 && stdout;
    },
    { ...PATIENCE, what: 'the tools of the registry' },
  );
  expect(view).toMatch(/"leader":\s*\{\s*"instanceId":\s*"registry-1"/);
});

it.each(['tool-executor-1', 'gateway-1', 'registry-1'])('starts %s again, in the process of all', async (instance) => {
  const { stdout, stderr, code } = await run('cluster', 'restart', instance, '--why', 'a test', '--timeout', '60');
  expect({ stdout, stderr, code }).toEqual({ stdout: `${instance}: restarted\n`, stderr: '', code: 0 });
  await waitFor(async () => (await call()).stdout.includes('Echo: hello'), { ...PATIENCE, what: 'a call after it' });
  const { stdout: commands } = await run('cluster', 'commands', instance);
  expect(commands).toMatch(new RegExp(`${instance} +restart +completed +\\S+ +a test +restarted`));
});

it('has a service read its configuration anew, and says what changed', async () => {
  writeConfig({ config: { watch: false }, cluster: { heartbeatMs: 500 }, registry: { watch: { maxWatchers: 7 } } });
  const { stdout } = await run('cluster', 'update-config', 'registry-1', '--timeout', '60');
  expect(stdout).toBe('registry-1: changed: signalbox.registry.watch.maxWatchers\n');
  writeFileSync(config, '{');
  const wrong = await run('cluster', 'update-config', 'registry-1', '--timeout', '60');
  expect(wrong.stdout).toContain('wrong, and left as it was');
});

it('refuses an instance that is not there', async () => {
  const { code, stderr } = await run('cluster', 'restart', 'nobody-1');
  expect([code, stderr]).toEqual([1, expect.stringContaining('there is no instance nobody-1')]);
});
