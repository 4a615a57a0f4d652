import {
  balancingSchema,
  ENTRY_KINDS,
  recoverySchema,
  SERVER_NAME,
  upstreamEntrySchema,
  upstreamSettingsSchema,
  type InstanceSpec,
  type UpstreamDefinition,
} from '@signalbox/contracts';
import type { ConfigProblem } from '@signalbox/ports';
import type * as z from 'zod';
import { BUILT_IN_NAMES } from './built-in-upstreams.js';
import { interpolate } from './interpolate.js';
import { suggestion } from './suggestion.js';
import { joinPath, problemsOf } from './zod-problems.js';

export const SECTION = 'mcpServers';
const settingsShape = upstreamSettingsSchema.unwrap().shape;
const KNOWN_KEYS: Readonly<Record<string, readonly string[]>> = {
  signalbox: Object.keys(settingsShape),
  pool: Object.keys(settingsShape.pool.unwrap().shape),
  balancing: Object.keys(balancingSchema.shape),
  recovery: Object.keys(recoverySchema.shape),
};

export interface Upstreams {
  /** Valid and enabled, in the file's order. */
  readonly servers: readonly UpstreamDefinition[];
  readonly problems: readonly ConfigProblem[];
}

/** Reads `mcpServers`. Each entry stands for itself: a wrong one becomes problems and leaves the others as they are. */
export function readUpstreams(
  section: unknown,
  env: Readonly<Record<string, string | undefined>>,
  sourceOf: (name: string) => string,
): Upstreams {
  if (section === undefined) return { servers: [], problems: [] };
  if (!isObject(section)) {
    return { servers: [], problems: [{ path: SECTION, message: 'must be an object: server name → entry' }] };
  }
  const servers: UpstreamDefinition[] = [];
  const problems: ConfigProblem[] = [];
  for (const [name, entry] of Object.entries(section)) {
    const read = readEntry(name, entry, env, sourceOf(name));
    if (Array.isArray(read)) problems.push(...read);
    else if (read !== 'disabled') servers.push(read);
  }
  return { servers, problems };
}

/** Reads one entry as {@link readUpstreams} does. @returns the definition, or what is wrong with it */
export function readServer(
  name: string,
  entry: unknown,
  env: Readonly<Record<string, string | undefined>>,
  source: string,
): UpstreamDefinition | readonly ConfigProblem[] {
  const read = readEntry(name, entry, env, source);
  if (read !== 'disabled') return read;
  return [
    {
      path: `${joinPath(SECTION, [name])}.disabled`,
      message: 'must not be true: a server that is not wanted is stopped or removed',
    },
  ];
}

function readEntry(
  name: string,
  raw: unknown,
  env: Readonly<Record<string, string | undefined>>,
  source: string,
): UpstreamDefinition | 'disabled' | ConfigProblem[] {
  const path = joinPath(SECTION, [name]);
  const wrongName = nameProblem(name);
  if (wrongName !== undefined) return [{ path, message: wrongName }];
  if (isObject(raw) && raw.disabled === true) return 'disabled';

  const problems: ConfigProblem[] = [];
  const parsed = upstreamEntrySchema.safeParse(isObject(raw) ? interpolateEntry(raw, env, path, problems) : raw);
  if (problems.length > 0) return problems;
  if (!parsed.success) return entryProblems(raw, parsed.error.issues, path);
  const [kind, another] = kindsOf(raw);
  if (another !== undefined) {
    return [{ path, message: `has both "${kind}" and "${another}"; a server is one or the other` }];
  }
  const { data } = parsed;
  if (data.signalbox.pool.max !== undefined && data.signalbox.pool.max < data.signalbox.pool.min) {
    return [{ path: `${path}.signalbox.pool.max`, message: `must not be below min (${data.signalbox.pool.min})` }];
  }
  const target = targetOf(data);
  const noPeer = data.signalbox.peer === undefined ? undefined : peerProblem(target);
  if (noPeer !== undefined) return [{ path: `${path}.signalbox.peer`, message: noPeer }];
  const twice = target.kind === 'http' ? repeatedUrl(target.instances ?? []) : undefined;
  if (twice !== undefined) {
    return [{ path: `${path}.${kind}`, message: `has ${twice} twice; an instance that is to get more has a "weight"` }];
  }
  return { name, source, settings: data.signalbox, target };
}

function peerProblem(target: UpstreamDefinition['target']): string | undefined {
  if (target.kind === 'stdio') return 'is for a server with "url": a peer is reached by the URL of its gateway';
  if (target.instances !== undefined) return 'is for a server with one "url": a peer shares out its calls by itself';
  return target.transport === 'sse' ? 'is not for "type": "sse": a peer speaks Streamable HTTP' : undefined;
}

function repeatedUrl(instances: readonly InstanceSpec[]): string | undefined {
  const urls = instances.map(({ url }) => new URL(url).href);
  return urls.find((url, index) => urls.indexOf(url) !== index);
}

function targetOf(entry: z.infer<typeof upstreamEntrySchema>): UpstreamDefinition['target'] {
  if (!('command' in entry)) {
    const { headers, type, auth } = entry;
    const instances = instancesOf(entry);
    const url = 'url' in entry ? (entry.url as string) : instances![0]!.url;
    const places = { url, ...(instances && { instances }) };
    return { kind: 'http', ...places, headers, ...(type === 'sse' && { transport: 'sse' }), ...(auth && { auth }) };
  }
  const { command, args, env, cwd } = entry as Extract<typeof entry, { args: string[] }>;
  return { kind: 'stdio', command, args, env, ...(cwd !== undefined && { cwd }) };
}

function instancesOf(entry: object): readonly InstanceSpec[] | undefined {
  if ('instances' in entry) return entry.instances as InstanceSpec[];
  return 'urls' in entry ? (entry.urls as string[]).map((url) => ({ url, weight: 1, tags: [] })) : undefined;
}

function kindsOf(raw: unknown): (typeof ENTRY_KINDS)[number][] {
  return isObject(raw) ? ENTRY_KINDS.filter((kind) => kind in raw) : [];
}

const INTERPOLATED = ['command', 'args', 'env', 'cwd', 'url', 'urls', 'instances', 'headers', 'auth'];

function interpolateEntry(
  raw: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
  path: string,
  problems: ConfigProblem[],
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(raw).map(([key, value]) => [
      key,
      INTERPOLATED.includes(key) ? interpolate(value, env, joinPath(path, [key]), problems) : value,
    ]),
  );
}

function nameProblem(name: string): string | undefined {
  if (!SERVER_NAME.test(name)) {
    return 'is no server name: letters, digits, "_" and "-", starting with a letter or digit, at most 40';
  }
  if (BUILT_IN_NAMES.includes(name))
    return `is the name of a built-in server (${BUILT_IN_NAMES.join(', ')}); choose another`;
  return undefined;
}

/** Where both kinds fail, what is wrong with the kind that was meant says more than the union's own message. */
function entryProblems(raw: unknown, issues: readonly z.core.$ZodIssue[], path: string): ConfigProblem[] {
  const [issue] = issues;
  const [kind] = kindsOf(raw);
  if (kind !== undefined) {
    const meant = issue?.code === 'invalid_union' ? issue.errors[ENTRY_KINDS.indexOf(kind)] : undefined;
    return problemsOf(meant ?? issues, path, (at) => KNOWN_KEYS[String(at.at(-1))] ?? []);
  }
  const misspelt = isObject(raw) ? Object.keys(raw).map(misspeltKind).find(Boolean) : undefined;
  return problemsOf(issues, path).map((problem) => ({ ...problem, message: problem.message + (misspelt ?? '') }));
}

function misspeltKind(key: string): string | undefined {
  const hint = suggestion(key, ['command', 'url']);
  return hint.includes('did you mean') ? ` ("${key}"${hint})` : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
