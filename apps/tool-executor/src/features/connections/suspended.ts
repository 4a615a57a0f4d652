import { readFile } from 'node:fs/promises';

/**
 * Whether a process was stopped by a signal (SIGSTOP) and does nothing until it is told to go on.
 * @returns false also where the system does not say it as Linux does
 */
export async function isSuspended(pid: number | undefined): Promise<boolean> {
  if (pid === undefined || process.platform !== 'linux') return false;
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    // proc(5): "pid (name) state …"; the name may contain anything, brackets and spaces too
    return stat.charAt(stat.lastIndexOf(')') + 2) === 'T';
  } catch {
    return false;
  }
}
