import { isTree, joinPath, leavesOf, setOwn, type ConfigTree } from '@signalbox/contracts';
import { isDeepStrictEqual } from 'node:util';

/** Paths of the values that are not the same in both. */
export function differingPaths(before: ConfigTree, after: ConfigTree): string[] {
  const was = leavesOf(before);
  const is = leavesOf(after);
  const paths = new Set([...was.keys(), ...is.keys()]);
  return [...paths].filter((path) => !isDeepStrictEqual(was.get(path), is.get(path)));
}

/** A copy without the values whose path is wrong. */
export function withoutPaths(tree: ConfigTree, isWrong: (path: string) => boolean, at = ''): ConfigTree {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(tree)) {
    const path = joinPath(at, [key]);
    if (!isTree(value)) {
      if (!isWrong(path)) setOwn(kept, key, value);
      continue;
    }
    const child = withoutPaths(value, isWrong, path);
    if (Object.keys(child).length > 0 || Object.keys(value).length === 0) setOwn(kept, key, child);
  }
  return kept;
}
