import { hasMask, isTree, joinPath, maskConfig, type ConfigOverlayEntry, type ConfigTree } from '@signalbox/contracts';
import { isSameValue } from './same-value.js';

export interface RollbackPlan {
  /** What has to be held in place over the sources. */
  readonly overlay: readonly ConfigOverlayEntry[];
  /** Places that had a secret, which no log has, and have none or another one of their own now. */
  readonly lost: readonly string[];
}

/**
 * What makes a configuration what it was. A secret that is still there stays as it is now: only that there was one is known.
 * @param base what the sources say now
 * @param target what it was, secrets masked
 */
export function planRollback(base: ConfigTree, target: ConfigTree): RollbackPlan {
  const plan = { overlay: [] as ConfigOverlayEntry[], lost: [] as string[] };
  compare(maskConfig(base), target, [], plan);
  return plan;
}

function compare(
  base: ConfigTree,
  target: ConfigTree,
  at: readonly string[],
  plan: { overlay: ConfigOverlayEntry[]; lost: string[] },
): void {
  for (const key of new Set([...Object.keys(base), ...Object.keys(target)])) {
    const is = Object.hasOwn(base, key) ? base[key] : undefined;
    const was = Object.hasOwn(target, key) ? target[key] : undefined;
    const path = [...at, key];
    if (isTree(is) && isTree(was)) compare(is, was, path, plan);
    else if (isSameValue(is, was)) continue;
    else if (hasMask(was)) plan.lost.push(joinPath('', path));
    else plan.overlay.push({ path, ...(was !== undefined && { value: was }), ...(is !== undefined && { base: is }) });
  }
}
