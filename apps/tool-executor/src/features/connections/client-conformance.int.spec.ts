import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasConformanceFixture } from '@signalbox/testing/mcp-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConformanceClient } from '../../../test/conformance-client.js';

const HOME = process.env['CONFORMANCE_HOME'] ?? join(homedir(), '.cache', 'signalbox-conformance');
const SUITE = join(HOME, 'c020', 'node_modules', '@modelcontextprotocol', 'conformance', 'dist', 'index.js');

/** Extensions that no revision requires: other ways to a token than those that are here. */
const NOT_HERE = ['auth/dpop', 'auth/dpop-nonce', 'auth/enterprise-managed-authorization', 'auth/wif-jwt-bearer'];

interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

describe.skipIf(!hasConformanceFixture() || !existsSync(SUITE))('the conformance suite for clients', () => {
  const client = new ConformanceClient();
  let command: string;
  let folder: string;
  beforeAll(async () => {
    command = await client.listen();
    folder = await mkdtemp(join(tmpdir(), 'client-conformance-'));
  });
  afterAll(async () => {
    await client.close();
    await rm(folder, { recursive: true });
  });

  /** Runs scenarios. @returns what failed, by scenario, and how many have passed */
  async function run(...which: string[]) {
    const out = await mkdtemp(join(folder, 'run-'));
    const args = [SUITE, 'client', '--command', command, ...which, '--timeout', '120000', '-o', out];
    const said = await new Promise<string>((resolve) =>
      execFile(process.execPath, args, { maxBuffer: 1 << 26 }, (_error, stdout, stderr) => resolve(stdout + stderr)),
    );
    const failed: Record<string, string[]> = {};
    const passed: string[] = [];
    for (const file of await readdir(out, { recursive: true })) {
      if (!file.endsWith('checks.json')) continue;
      const checks = JSON.parse(await readFile(join(out, file), 'utf8')) as Check[];
      const name = file.slice(0, -'/checks.json'.length).replace(/-\d{4}-\d\d-\d\dT.*$/, '');
      const wrong = checks
        .filter(({ status }) => status === 'FAILURE')
        .map(({ id, errorMessage }) => `${id}: ${errorMessage}`);
      if (wrong.length > 0) failed[name] = wrong;
      else if (checks.some(({ status }) => status === 'SUCCESS')) passed.push(name);
    }
    return { failed, passed, said };
  }

  // the suite gives some answers a time of its own, which a busy machine may not keep
  it.each([
    ['2025-11-25', 21],
    ['2026-07-28', 35],
  ])('has passed all that %s requires: %d scenarios', { timeout: 300_000, retry: 2 }, async (revision, count) => {
    const { failed, passed, said } = await run('--requirements', revision);
    expect(
      Object.keys(failed).filter((scenario) => !NOT_HERE.includes(scenario)),
      said,
    ).toEqual([]);
    expect(passed.length, said).toBe(count);
  });
});
