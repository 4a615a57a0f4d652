import * as z from 'zod';

/** A JSON object of the configuration, as it is written: references to environment variables are not resolved. */
export type ConfigTree = Readonly<Record<string, unknown>>;

/** Where a value of the configuration comes from, the weakest first; what no layer has is the program's own default. */
export const CONFIG_LAYERS = ['default', 'file', 'environment', 'consul', 'rollback'] as const;
export type ConfigLayerName = (typeof CONFIG_LAYERS)[number];

/**
 * One place that a rollback puts back to what it was. It holds as long as what lies under it is still `base`: whoever changes
 * that place later has the last word.
 */
export const configOverlayEntrySchema = z.object({
  path: z.array(z.string()).min(1),
  /** Absent: the place is to be empty. */
  value: z.unknown().optional(),
  /** What the weaker layers had there, secrets masked; absent: nothing. */
  base: z.unknown().optional(),
});
export type ConfigOverlayEntry = z.infer<typeof configOverlayEntrySchema>;

export function isTree(value: unknown): value is ConfigTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What lies at a path, or undefined. */
export function valueAt(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (isTree(at) && Object.hasOwn(at, key) ? at[key] : undefined), tree);
}

/** A copy with another value at a path; undefined takes it away. Shares what it does not change. */
export function withValueAt(tree: ConfigTree, [key, ...rest]: readonly string[], value: unknown): ConfigTree {
  if (key === undefined) return tree;
  const child = Object.hasOwn(tree, key) ? tree[key] : undefined;
  if (rest.length === 0) return value === undefined ? without(tree, key) : setOwn({ ...tree }, key, value);
  if (value === undefined && !isTree(child)) return tree;
  return setOwn({ ...tree }, key, withValueAt(isTree(child) ? child : {}, rest, value));
}

/** `__proto__` is a name like any other. */
export function setOwn(tree: Record<string, unknown>, key: string, value: unknown): Record<string, unknown> {
  if (key !== '__proto__') tree[key] = value;
  else Object.defineProperty(tree, key, { value, enumerable: true, configurable: true, writable: true });
  return tree;
}

function without(tree: ConfigTree, key: string): ConfigTree {
  const { [key]: _gone, ...rest } = tree;
  return rest;
}

/** `mcpServers.files.args[1]`; keys that are no plain words are quoted in brackets. */
export function joinPath(base: string, parts: readonly PropertyKey[]): string {
  return parts.reduce<string>((path, part) => {
    if (typeof part === 'number') return `${path}[${part}]`;
    const key = String(part);
    if (!/^[A-Za-z0-9_$-]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
    return path === '' ? key : `${path}.${key}`;
  }, base);
}

/** Whether a path is another one or lies below it: both as {@link joinPath} writes them. */
export function isWithin(path: string, above: string): boolean {
  return path === above || above === '' || (path.startsWith(above) && /[.[]/.test(path[above.length]!));
}

/** Paths of the values that are no objects; lists are values, and so are empty objects. */
export function leavesOf(tree: ConfigTree, at = ''): Map<string, unknown> {
  const leaves = new Map<string, unknown>();
  for (const [key, value] of Object.entries(tree)) {
    const path = joinPath(at, [key]);
    if (isTree(value) && Object.keys(value).length > 0) {
      for (const [below, leaf] of leavesOf(value, path)) leaves.set(below, leaf);
    } else leaves.set(path, value);
  }
  return leaves;
}
