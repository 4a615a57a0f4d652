import { readdir, readFile } from 'node:fs/promises';

/**
 * Whether a process group has a member that still runs. A member that is dead but not yet buried counts as gone: where
 * process 1 buries nobody, as in many containers, `kill(-group, 0)` goes on succeeding for ever.
 * True when this system has no /proc to look at.
 */
export async function hasLivingMember(group: number): Promise<boolean> {
  const entries = await readdir('/proc').catch(() => undefined);
  if (!entries) return true;
  for (const entry of entries) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'latin1').catch(() => '');
    // "pid (name) state parent group …", where the name may hold anything
    const [state, , itsGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(itsGroup) === group && state !== 'Z' && state !== 'X') return true;
  }
  return false;
}
