import { joinPath, maskConfig, valueAt, type ConfigDifference, type ConfigTree } from '@signalbox/contracts';
import diff from 'microdiff';

/**
 * Where two documents differ, secrets masked; a secret that is another one shows as `***` in both. Lists are compared as a
 * whole, because they are replaced as a whole.
 */
export function configDifferences(before: ConfigTree, after: ConfigTree): ConfigDifference[] {
  const shownBefore = maskConfig(before);
  const shownAfter = maskConfig(after);
  const found = new Map<string, ConfigDifference>();
  for (const { path } of diff(before, after, { cyclesFix: false })) {
    const keys = upToList(path, before, after);
    const at = joinPath('', keys);
    if (found.has(at)) continue;
    const was = valueAt(before, keys);
    const is = valueAt(after, keys);
    found.set(at, {
      op: was === undefined ? 'add' : is === undefined ? 'remove' : 'replace',
      path: at,
      ...(was !== undefined && { before: valueAt(shownBefore, keys) }),
      ...(is !== undefined && { after: valueAt(shownAfter, keys) }),
    });
  }
  return [...found.values()];
}

function upToList(path: readonly (string | number)[], before: ConfigTree, after: ConfigTree): string[] {
  const keys: string[] = [];
  for (const key of path) {
    if (keys.length > 0 && (Array.isArray(valueAt(before, keys)) || Array.isArray(valueAt(after, keys)))) break;
    keys.push(String(key));
  }
  return keys;
}
