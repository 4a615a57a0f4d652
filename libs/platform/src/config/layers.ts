import { isTree, joinPath, setOwn, type ConfigTree } from '@signalbox/contracts';
import type { ConfigOrigin } from '@signalbox/ports';

/** One source of configuration. A stronger one is merged over the weaker ones as RFC 7396 has it: `null` takes a key away. */
export interface Layer extends ConfigOrigin {
  /** Undefined: there is nothing. */
  readonly value: ConfigTree | undefined;
  /** Path → a more exact place than `where`, such as the name of a variable. */
  readonly origins?: ReadonlyMap<string, string>;
}

export interface Merged {
  readonly document: ConfigTree;
  /** Path of each value that is no object → where it comes from. Lists are values. */
  readonly origins: ReadonlyMap<string, ConfigOrigin>;
}

/** @param layers the weakest first */
export function mergeLayers(layers: readonly Layer[]): Merged {
  const origins = new Map<string, ConfigOrigin>();
  const document: Record<string, unknown> = {};
  for (const layer of layers) {
    if (layer.value !== undefined) mergeInto(document, layer.value, '', (path) => note(origins, path, layer));
  }
  return { document, origins };
}

type Note = (path: string) => { set(): void; clear(): void };

function note(origins: Map<string, ConfigOrigin>, path: string, layer: Layer): ReturnType<Note> {
  const clear = (): void => {
    origins.delete(path);
    for (const known of origins.keys())
      if (known.startsWith(`${path}.`) || known.startsWith(`${path}[`)) origins.delete(known);
  };
  const set = (): void => {
    clear();
    origins.set(path, { source: layer.source, where: exactly(layer, path) });
  };
  return { set, clear };
}

/** Of the nearest place above that the layer knows by itself. */
function exactly(layer: Layer, path: string): string {
  let found: string | undefined;
  let length = -1;
  for (const [at, where] of layer.origins ?? []) {
    if ((path === at || path.startsWith(`${at}.`) || path.startsWith(`${at}[`)) && at.length > length) {
      found = where;
      length = at.length;
    }
  }
  return found ?? layer.where;
}

function mergeInto(into: Record<string, unknown>, patch: ConfigTree, at: string, noteOf: Note): void {
  for (const [key, value] of Object.entries(patch)) {
    const path = joinPath(at, [key]);
    if (value === null) {
      delete into[key];
      noteOf(path).clear();
    } else if (isTree(value)) {
      const before = Object.hasOwn(into, key) ? into[key] : undefined;
      if (!isTree(before)) noteOf(path).clear();
      const child: Record<string, unknown> = {};
      for (const [name, item] of Object.entries(isTree(before) ? before : {})) setOwn(child, name, item);
      mergeInto(child, value, path, noteOf);
      setOwn(into, key, child);
      if (Object.keys(child).length === 0) noteOf(path).set();
    } else {
      setOwn(into, key, value);
      noteOf(path).set();
    }
  }
}
