import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataFolderInUseError, openDataFolder } from './data-folder.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-data-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A process that holds the lock as `openDataFolder` does, and says so. */
async function holder() {
  const script = `
    const { DatabaseSync } = require('node:sqlite');
    const lock = new DatabaseSync(process.argv[1]);
    lock.exec('BEGIN EXCLUSIVE');
    console.log('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', script, join(folder, 'signalbox.lock')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  writeFileSync(join(folder, 'signalbox.pid'), String(child.pid));
  return child;
}

describe('a data folder', () => {
  it('is created, and free again once released', () => {
    const nested = join(folder, 'a', 'b');
    openDataFolder(nested).release();
    openDataFolder(nested).release();
  });

  it('belongs to one at a time, also within a process', () => {
    const first = openDataFolder(folder);
    expect(() => openDataFolder(folder)).toThrow(DataFolderInUseError);
    expect(() => openDataFolder(folder)).toThrow(`process ${process.pid}`);
    first.release();
    first.release();
    openDataFolder(folder).release();
  });

  it('is refused while another process has it, and free once that was killed', async () => {
    const child = await holder();
    try {
      expect(() => openDataFolder(folder)).toThrow(
        `${folder} is in use by another Signalbox (process ${child.pid}). Stop that one, or set SIGNALBOX_DATA`,
      );
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    openDataFolder(folder).release();
  });

  it('names a folder that cannot be made', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => openDataFolder(join(folder, 'file', 'data'))).toThrow(/SIGNALBOX_DATA/);
  });
});
