import type { EventData } from '@signalbox/contracts';

type CatalogueData = EventData<'catalogue.changed'>;

const LISTS = ['tools', 'prompts', 'resources', 'resourceTemplates'] as const;
/** Changes that have begun and not ended, by a writer that is gone or not done yet; older ones are given up. */
const MAX_PENDING = 4;

/** Change id → its parts so far. */
export type PendingParts = Readonly<Record<string, readonly CatalogueData[]>>;

/**
 * Divides a catalogue so that each part fits into a commit. An item is never divided: a larger one has a part of its own.
 * @param maxChars of JSON text in one part
 * @param id of the change
 * @returns the catalogue itself when it fits
 */
export function splitCatalogue(whole: CatalogueData, maxChars: number, id: string): readonly CatalogueData[] {
  const { server, resourceList, caching } = whole;
  const parts: CatalogueData[] = [];
  let part = emptyPart(server);
  let chars = 0;
  for (const list of LISTS) {
    for (const item of whole[list]) {
      const size = JSON.stringify(item).length + (list === 'tools' ? 100 : 0);
      if (chars > 0 && chars + size > maxChars) {
        parts.push(part);
        part = emptyPart(server);
        chars = 0;
      }
      (part[list] as unknown[]).push(item);
      const name = (item as { readonly name?: string }).name;
      if (list === 'tools' && name !== undefined && Object.hasOwn(whole.definitionHashes, name)) {
        part.definitionHashes[name] = whole.definitionHashes[name]!;
      }
      chars += size;
    }
  }
  if (parts.length === 0) return [whole];
  parts.push(part);
  return parts.map((data, index) => ({
    ...data,
    ...(index === 0 && resourceList ? { resourceList } : {}),
    ...(index === 0 && caching ? { caching } : {}),
    part: { id, index, count: parts.length },
  }));
}

/** What is known of a catalogue after one more event: `whole` once all parts of a change have come. */
export function joinCatalogue(
  pending: PendingParts,
  data: CatalogueData,
): { readonly whole?: CatalogueData; readonly pending: PendingParts } {
  const { part } = data;
  if (!part) return { whole: data, pending };
  const { [part.id]: known = [], ...others } = pending;
  // a part that is behind one that is missing is of no use
  if (part.index !== known.length) return { pending: others };
  const parts = [...known, data];
  if (parts.length < part.count) {
    const kept = Object.entries(others).slice(1 - MAX_PENDING);
    return { pending: { ...Object.fromEntries(kept), [part.id]: parts } };
  }
  const whole = emptyPart(data.server);
  for (const one of parts) {
    for (const list of LISTS) (whole[list] as unknown[]).push(...one[list]);
    Object.assign(whole.definitionHashes, one.definitionHashes);
  }
  const { resourceList, caching } = parts[0]!;
  return {
    whole: { ...whole, ...(resourceList ? { resourceList } : {}), ...(caching ? { caching } : {}) },
    pending: others,
  };
}

function emptyPart(server: string): CatalogueData {
  return { server, tools: [], prompts: [], resources: [], resourceTemplates: [], definitionHashes: {} };
}
