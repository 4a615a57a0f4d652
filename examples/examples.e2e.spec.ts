import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runSignalbox, toolsOf, type RunningSignalbox } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('.', import.meta.url));
const programs = readdirSync(folder).filter((name) => name.endsWith('.mjs'));

let signalbox: RunningSignalbox;
beforeAll(async () => {
  signalbox = await runSignalbox();
  await toolsOf(signalbox, 'everything');
});
afterAll(() => signalbox?.stop());

describe('examples', () => {
  it.each(programs)('%s runs against a default Signalbox', async (name) => {
    const { stdout } = await promisify(execFile)(process.execPath, [folder + name], {
      env: { PATH: process.env.PATH, SIGNALBOX_PORT_BASE: String(signalbox.portBase) },
      timeout: 30_000,
    });
    expect(stdout).not.toBe('');
  });

  it('are at least two', () => {
    expect(programs.length).toBeGreaterThanOrEqual(2);
  });
});
