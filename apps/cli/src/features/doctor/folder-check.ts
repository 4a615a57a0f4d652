import { existsSync, mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ok, reasonOf, warning, wrong, type Finding } from './finding.js';

const CHECK = 'data folder';
const LOW_BYTES = 512 * 1024 * 1024;

/** Whether the data folder, or where it would be created, can be written, and has room. Leaves nothing behind. */
export function checkFolder(folder: string): Finding {
  const there = nearestExisting(folder);
  try {
    if (!statSync(there).isDirectory()) throw new Error(`${there} is no folder`);
    const trial = mkdtempSync(join(there, '.signalbox-doctor-'));
    try {
      writeFileSync(join(trial, 'trial'), 'x');
    } finally {
      rmSync(trial, { recursive: true, force: true });
    }
  } catch (error) {
    return wrong(
      CHECK,
      `${folder} cannot be written: ${reasonOf(error)}`,
      'Give this user the right to write there, or set SIGNALBOX_DATA to another folder.',
    );
  }
  const { bavail, bsize } = statfsSync(there);
  const free = bavail * bsize;
  const room = `${Math.floor(free / 1024 / 1024)} MiB free`;
  if (free < LOW_BYTES) return warning(CHECK, `${folder}: only ${room}`, 'Make room: the log grows with every call.');
  return ok(CHECK, there === folder ? `${folder}, ${room}` : `${folder} will be created, ${room}`);
}

function nearestExisting(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(at) || dirname(at) === at) return at;
  }
}
