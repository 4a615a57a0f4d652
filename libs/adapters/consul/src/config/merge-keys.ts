import { ConfigError } from '@signalbox/ports';
import type { KeyValue } from '../api/answers.js';

type Tree = { [name: string]: unknown };

/** More than this, characters of all values together, is no configuration. */
const MAX_CHARACTERS = 1_048_576;

/**
 * Makes one JSON object of keys below a prefix: the value of the prefix itself is the whole, the value of
 * `<prefix>/signalbox/gateway/port` is that setting in it. Deeper keys are stronger. Values are JSON; what is not is text.
 * @returns undefined when there are no such keys
 * @throws ConfigError naming the key, when a value stands where others are to be put into it, and when there is too much
 */
export function mergeKeys(prefix: string, keys: readonly KeyValue[]): Tree | undefined {
  const own = keys
    .map(({ Key, Value }) => ({ key: Key, path: pathOf(prefix, Key), value: Value ?? '' }))
    .filter((entry) => entry.path !== undefined && !(entry.key.endsWith('/') && entry.value === ''))
    .toSorted((a, b) => a.path!.length - b.path!.length);
  if (own.length === 0) return undefined;
  const characters = own.reduce((sum, { value }) => sum + value.length, 0);
  if (characters > MAX_CHARACTERS) {
    throw wrong(prefix, `has ${characters} characters; at most ${MAX_CHARACTERS} are allowed`);
  }
  const root: Tree = {};
  for (const { key, path, value } of own) {
    const parsed = parse(value);
    if (path!.length > 0) put(root, path!, parsed, key);
    else if (isTree(parsed)) Object.assign(root, parsed);
    else throw wrong(key, 'is not a JSON object');
  }
  return root;
}

/** @returns undefined for a key of another prefix, as `<prefix>-other` is */
function pathOf(prefix: string, key: string): string[] | undefined {
  if (key !== prefix && !key.startsWith(`${prefix}/`)) return undefined;
  return key.slice(prefix.length).split('/').filter(Boolean);
}

function put(root: Tree, path: readonly string[], value: unknown, key: string): void {
  let tree = root;
  for (const name of path.slice(0, -1)) {
    if (!Object.hasOwn(tree, name)) set(tree, name, {});
    const next = tree[name];
    if (!isTree(next)) throw wrong(key, `would be put into "${name}", which is not a JSON object`);
    tree = next;
  }
  set(tree, path.at(-1)!, value);
}

/** `__proto__` is a name like any other. */
function set(tree: Tree, name: string, value: unknown): void {
  Object.defineProperty(tree, name, { value, enumerable: true, configurable: true, writable: true });
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function wrong(key: string, message: string): ConfigError {
  return new ConfigError([{ path: `${key} in Consul`, message }]);
}
