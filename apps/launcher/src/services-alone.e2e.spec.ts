import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PORT_OFFSETS, SERVICE_NAMES } from '@signalbox/contracts';
import { freePortBase, waitFor } from '@signalbox/testing';
import { afterEach, describe, expect, it } from 'vitest';

let child: ChildProcess | undefined;
afterEach(() => {
  child?.kill('SIGKILL');
});

describe('a service in a process of its own', () => {
  it.each(SERVICE_NAMES)('%s answers on its port, says that it is alone, and ends cleanly', async (service) => {
    const portBase = await freePortBase(5);
    const data = mkdtempSync(join(tmpdir(), 'signalbox-alone-'));
    const config = join(data, 'signalbox.json');
    writeFileSync(config, '{}');
    child = spawn(
      process.execPath,
      [fileURLToPath(new URL(`../../${service}/dist/main.js`, import.meta.url)), '--config', config],
      {
        env: { PATH: process.env.PATH, SIGNALBOX_DATA: join(data, 'data'), SIGNALBOX_PORT_BASE: String(portBase) },
        stdio: ['ignore', 'inherit', 'pipe'],
      },
    );
    let log = '';
    child.stderr!.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const ended = once(child, 'close');
    try {
      const live = `http://127.0.0.1:${portBase + PORT_OFFSETS[service]}/health/live`;
      await waitFor(async () => child?.exitCode !== null || (await fetch(live)).ok, { timeoutMs: 30_000, what: live });
      expect([child.exitCode, log]).toEqual([null, expect.any(String)]);
      expect(log).toContain(`The ${service} runs alone in the embedded profile`);
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  });
});
