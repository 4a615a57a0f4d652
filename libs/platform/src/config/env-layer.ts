import { isTree, joinPath, valueAt, withValueAt, type ConfigTree } from '@signalbox/contracts';
import type { ConfigProblem } from '@signalbox/ports';
import type { Layer } from './layers.js';

const PREFIX = 'SIGNALBOX__';
const SERVERS = 'mcpServers';
/** More than this is no name of a setting. */
const MAX_PARTS = 20;

/**
 * Settings from environment variables: `SIGNALBOX__GATEWAY__SESSIONS__MAX=500` is `signalbox.gateway.sessions.max`,
 * `SIGNALBOX__MCP_SERVERS__github__URL=…` is `mcpServers.github.url`. Parts are separated by `__`; a part in capitals is
 * turned into the camelCase of the keys (the first one into the name of a section), any other part, and the name of a server,
 * a tool, a header or an environment variable, stays as it is. Values are JSON; what is not is text. An empty value counts as
 * absent.
 */
export function environmentLayer(
  env: Readonly<Record<string, string | undefined>>,
  sections: readonly string[],
): Layer & { readonly problems: readonly ConfigProblem[] } {
  const variables = Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && env[name] !== '' && env[name] !== undefined)
    .map((name) => ({ name, path: pathOf(name.slice(PREFIX.length).split('__'), sections) }))
    // the more special one has the last word
    .toSorted((a, b) => (a.path?.length ?? 0) - (b.path?.length ?? 0) || (a.name < b.name ? -1 : 1));
  let value: ConfigTree = {};
  const origins = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  for (const { name, path } of variables) {
    if (path === undefined) {
      problems.push({
        path: name,
        message: `names no setting: SIGNALBOX__SECTION__KEY or SIGNALBOX__MCP_SERVERS__server__KEY is allowed`,
        source: 'environment',
        where: name,
      });
      continue;
    }
    origins.set(joinPath('', path), name);
    const given = isText(path) ? env[name] : parse(env[name]!);
    const before = valueAt(value, path);
    value = withValueAt(value, path, isTree(given) && isTree(before) ? { ...before, ...given } : given);
  }
  return { source: 'environment', where: `variables ${PREFIX}*`, value, origins, problems };
}

function pathOf(parts: readonly string[], sections: readonly string[]): string[] | undefined {
  const [first = '', ...rest] = parts;
  if (rest.length === 0 || rest.length > MAX_PARTS || parts.includes('')) return undefined;
  if (camelCase(first) === SERVERS) {
    const path = [SERVERS, rest[0]!];
    for (const part of rest.slice(1)) path.push(isName(path) ? part : camelCase(part));
    return path.length < 3 ? undefined : path;
  }
  const folded = fold(first);
  const section = sections.find((name) => fold(name) === folded) ?? camelCase(first);
  return ['signalbox', section, ...rest.map(camelCase)];
}

/** Below these maps of a server keys are names. */
const isName = (path: readonly string[]): boolean => ['env', 'headers', 'tools'].includes(path.at(-1)!);

/** The values there are texts, whatever they look like. */
const isText = (path: readonly string[]): boolean =>
  path[0] === SERVERS && path.length === 4 && (path[2] === 'env' || path[2] === 'headers');

const fold = (name: string): string => name.toLowerCase().replace(/[-_]/g, '');

function camelCase(part: string): string {
  if (!/^[A-Z0-9_]+$/.test(part)) return part;
  return part.toLowerCase().replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
