import { isWithin } from './config-tree.js';

/**
 * What is applied while running, by path. Anything else is read once, at the start, and waits for a restart. A path stands
 * for everything below it.
 */
export const LIVE_SETTINGS: readonly string[] = ['mcpServers', 'signalbox.logging.level'];

/** Whether a change of this path is applied while running; also of a place that has nothing but such paths below it. */
export function isLiveSetting(path: string): boolean {
  return LIVE_SETTINGS.some((live) => isWithin(path, live));
}
