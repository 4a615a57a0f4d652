import { isWithin, SERVICE_NAMES, type ConfigOverlayEntry, type UpstreamDefinition } from '@signalbox/contracts';
import type { ConfigProblem, ConfigSource } from '@signalbox/ports';
import { ConfigError } from './config-error.js';
import { interpolate } from './interpolate.js';
import { mergeLayers, type Layer, type Merged } from './layers.js';
import { applyOverlay, type Overlaid } from './overlay.js';
import { suggestion } from './suggestion.js';
import { readUpstreams, SECTION } from './upstreams.js';
import { joinPath } from './zod-problems.js';

/** The keys under `signalbox` in the file. A service validates its own when it starts. */
export const SECTION_NAMES: readonly string[] = [
  ...SERVICE_NAMES,
  'adapters',
  'config',
  'discovery',
  'federation',
  'redaction',
  'middleware',
  'search',
  'log',
  'logging',
  'network',
  'notifications',
  'rabbitmq',
  'shutdown',
  'startup',
  'storage',
  'telemetry',
];
const TOP_LEVEL_KEYS = [SECTION, 'signalbox', '$schema'];

type Environment = Readonly<Record<string, string | undefined>>;

/** What layers say together. */
export interface Resolved extends Overlaid {
  /** Without the overlay. */
  readonly base: Merged;
  readonly servers: readonly UpstreamDefinition[];
  /** Of single entries and of unknown keys; sections are for those to judge who use them. */
  readonly problems: readonly ConfigProblem[];
  /** @throws ConfigError naming each variable that the section refers to and that is not set */
  section(name: string): unknown;
}

export function resolveLayers(
  layers: readonly Layer[],
  overlay: readonly ConfigOverlayEntry[],
  env: Environment,
): Resolved {
  const base = mergeLayers(layers);
  const overlaid = applyOverlay(base, overlay);
  const { document } = overlaid;
  const upstreams = readUpstreams(document[SECTION], env, (name) => sourceOf(name, layers));
  const problems = [...unknownKeys(document), ...upstreams.problems];
  return {
    ...overlaid,
    base,
    servers: upstreams.servers,
    problems: problems.map((problem) => located(problem, overlaid.origins)),
    section: (name) => sectionOf(document.signalbox, name, env),
  };
}

/** Says where a wrong value is: in the strongest layer that has a hand in it. */
export function located(problem: ConfigProblem, origins: Merged['origins']): ConfigProblem {
  const found = [...origins]
    .filter(([path]) => isWithin(path, problem.path) || isWithin(problem.path, path))
    .map(([, origin]) => origin);
  const origin =
    found.findLast(({ source }) => source === 'rollback') ??
    found.findLast(({ source }) => source === 'consul') ??
    found.findLast(({ source }) => source === 'environment');
  return origin === undefined ? problem : { ...problem, ...origin };
}

/** What a check of a section finds wrong with it. */
export function problemsIn(
  name: string,
  check: (source: Pick<ConfigSource, 'section'>) => unknown,
  of: Resolved,
): ConfigProblem[] {
  try {
    check(of);
    return [];
  } catch (error) {
    const problems =
      error instanceof ConfigError
        ? error.problems
        : [{ path: `signalbox.${name}`, message: (error as Error).message }];
    return problems.map((problem) => located(problem, of.origins));
  }
}

/** The layer that has the entry first: what stronger ones say changes it, and does not make it theirs. */
function sourceOf(server: string, layers: readonly Layer[]): string {
  const has = ({ value }: Layer): boolean => {
    const section = value?.[SECTION];
    return typeof section === 'object' && section !== null && Object.hasOwn(section, server);
  };
  return layers.find(has)?.where ?? 'the event log';
}

function unknownKeys(value: Readonly<Record<string, unknown>>): ConfigProblem[] {
  const problems = Object.keys(value)
    .filter((key) => !TOP_LEVEL_KEYS.includes(key))
    .map((key) => ({ path: joinPath('', [key]), message: `unknown key${suggestion(key, TOP_LEVEL_KEYS)}` }));
  const sections = value.signalbox;
  if (sections === undefined) return problems;
  if (typeof sections !== 'object' || sections === null || Array.isArray(sections)) {
    return [...problems, { path: 'signalbox', message: `must be an object with the keys ${SECTION_NAMES.join(', ')}` }];
  }
  const unknown = Object.keys(sections).filter((key) => !SECTION_NAMES.includes(key));
  return problems.concat(
    unknown.map((key) => ({
      path: joinPath('signalbox', [key]),
      message: `unknown section${suggestion(key, SECTION_NAMES)}`,
    })),
  );
}

function sectionOf(sections: unknown, name: string, env: Environment): unknown {
  if (typeof sections !== 'object' || sections === null || !Object.hasOwn(sections, name)) return undefined;
  const problems: ConfigProblem[] = [];
  const value = interpolate((sections as Record<string, unknown>)[name], env, `signalbox.${name}`, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return value;
}
