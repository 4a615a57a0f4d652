import {
  joinPath,
  maskConfig,
  valueAt,
  withValueAt,
  type ConfigOverlayEntry,
  type ConfigTree,
} from '@signalbox/contracts';
import { isDeepStrictEqual } from 'node:util';
import type { Merged } from './layers.js';

export interface Overlaid extends Merged {
  /** The entries that still hold. */
  readonly held: readonly ConfigOverlayEntry[];
}

/** Puts back what rollbacks hold in place, wherever nobody has changed it since. */
export function applyOverlay({ document, origins }: Merged, overlay: readonly ConfigOverlayEntry[]): Overlaid {
  if (overlay.length === 0) return { document, origins, held: overlay };
  const masked = maskConfig(document);
  const held = overlay.filter(({ path, base }) => isDeepStrictEqual(asJson(valueAt(masked, path)), asJson(base)));
  let value: ConfigTree = document;
  const from = new Map(origins);
  for (const { path, value: wanted } of held) {
    value = withValueAt(value, path, wanted);
    const at = joinPath('', path);
    for (const known of from.keys())
      if (known === at || known.startsWith(`${at}.`) || known.startsWith(`${at}[`)) from.delete(known);
    if (wanted !== undefined) from.set(at, { source: 'rollback', where: 'the event log' });
  }
  return { document: value, origins: from, held };
}

/** As it is after a way through the log. */
const asJson = (value: unknown): unknown =>
  value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
