import { isTree, setOwn, type ConfigTree } from './config-tree.js';

/** Stands in the place of a secret. */
export const MASK = '***';

const SECRET_KEY = /token|secret|passw|passphrase|api-?_?key|private-?_?key|credential|authorization|cookie/i;
/** Maps whose values are secrets whatever their names are: those of an upstream server. */
const SECRET_MAPS = new Set(['env', 'headers']);
/** Maps whose keys are names. */
const NAMES = new Set(['mcpServers', 'tools']);
const REFERENCE = /\$\{(?:(?:env:)?[A-Za-z_][A-Za-z0-9_]*|file:[^}]+)\}/g;
const SCHEME = /^(bearer|basic|token)?\s*$/i;

/**
 * The configuration as it may enter the log and be shown. Masked are the values of `env` and `headers`, those of keys that
 * sound like a secret, arguments such as `--token X`, and passwords and query values of URLs. A mere reference to an
 * environment variable, `${NAME}`, or to a file, `${file:/path}`, is no secret.
 */
export function maskConfig(document: ConfigTree): ConfigTree {
  return mask(document, false, []) as ConfigTree;
}

/** Whether something in a masked value is missing because it is a secret. */
export function hasMask(masked: unknown): boolean {
  if (typeof masked === 'string') return masked.includes(MASK) || masked.includes('%2A%2A%2A');
  if (typeof masked !== 'object' || masked === null) return false;
  return Object.values(masked).some(hasMask);
}

function mask(value: unknown, secret: boolean, path: readonly string[]): unknown {
  if (typeof value === 'string') return secret ? maskText(value) : maskUrl(value);
  if (typeof value === 'number' && secret) return MASK;
  if (Array.isArray(value)) {
    return path.at(-1) === 'args' ? maskArgs(value) : value.map((item: unknown) => mask(item, secret, path));
  }
  if (!isTree(value)) return value;
  const masked: Record<string, unknown> = {};
  const secretMap = isSecretMap(path);
  for (const [name, item] of Object.entries(value)) {
    const plain = !isTree(item) && !isList(item);
    setOwn(masked, name, mask(item, plain && (secret || secretMap || SECRET_KEY.test(name)), [...path, name]));
  }
  return masked;
}

/** A server or a tool may be named so, too. */
function isSecretMap(path: readonly string[]): boolean {
  return SECRET_MAPS.has(path.at(-1) ?? '') && !NAMES.has(path.at(-2) ?? '');
}

const isList = (value: unknown): boolean => Array.isArray(value) && value.some((item) => typeof item === 'object');

function maskText(text: string): string {
  const left = text.replace(REFERENCE, '');
  return text === '' || (left !== text && SCHEME.test(left)) ? text : MASK;
}

function maskArgs(args: readonly unknown[]): unknown[] {
  return args.map((arg, index) => {
    if (typeof arg !== 'string') return arg;
    const [, flag, value] = /^(--?[\w-]+)=(.*)$/s.exec(arg) ?? [];
    if (flag !== undefined && SECRET_KEY.test(flag)) return `${flag}=${maskText(value!)}`;
    const before = String(args[index - 1] ?? '');
    const isValue = /^--?[\w-]+$/.test(before) && SECRET_KEY.test(before) && !arg.startsWith('-');
    return isValue ? maskText(arg) : maskUrl(arg);
  });
}

/** The password and the query values of a URL; a value that is a mere reference stays. */
function maskUrl(text: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text;
  return text
    .replace(/^([^/?#]*\/\/[^/?#@]*?:)([^/?#]*)(@)/, (_all, head: string, password: string, at: string) =>
      [head, maskText(password), at].join(''),
    )
    .replace(/([?&][^=&#]*=)([^&#]*)/g, (_all, name: string, value: string) => name + maskText(value));
}
