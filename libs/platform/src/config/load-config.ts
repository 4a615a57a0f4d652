import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SERVICE_NAMES } from '@signalbox/contracts';
import type { ConfigProblem, ConfigSource } from '@signalbox/ports';
import { chooseAdapters, type AdapterChoice } from './adapter-choice.js';
import { builtInUpstreams } from './built-in-upstreams.js';
import { ConfigError } from './config-error.js';
import { readConfigFile, type ConfigDocument } from './config-file.js';
import { defaultMcpServers } from './default-config.js';
import { interpolate } from './interpolate.js';
import { readProcessSettings, type ProcessSettings } from './process-settings.js';
import { readSettings, type Settings } from './settings.js';
import { suggestion } from './suggestion.js';
import { readUpstreams, SECTION } from './upstreams.js';
import { joinPath } from './zod-problems.js';

/** The keys under `signalbox` in the file. A service validates its own when it starts. */
export const SECTION_NAMES: readonly string[] = [
  ...SERVICE_NAMES,
  'adapters',
  'redaction',
  'logging',
  'network',
  'shutdown',
  'startup',
  'storage',
];
const TOP_LEVEL_KEYS = [SECTION, 'signalbox', '$schema'];

export interface LoadedConfig extends ConfigSource {
  readonly settings: Settings;
  readonly process: ProcessSettings;
  /** Which adapter serves each port. */
  readonly adapters: AdapterChoice;
}

export interface ConfigInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Arguments after the program's own name. */
  readonly argv: readonly string[];
}

/**
 * Reads environment, arguments and the configuration file.
 * @throws ConfigError when nothing can be started with it: wrong variables or arguments, a file that is missing or no JSON.
 * What is wrong with single entries is in `problems` instead.
 */
export function loadConfig({ env, argv }: ConfigInput): LoadedConfig {
  const environment = readSettings(env);
  const path = configPath(env, argv);
  const document: ConfigDocument = path === undefined ? defaultDocument(environment.dataDir) : readConfigFile(path);
  const { value } = document;
  const upstreams = readUpstreams(value[SECTION], env, path ?? 'default');
  const sections = value.signalbox ?? {};
  const section = (name: string): unknown => sectionOf(sections, name, env);
  const processSettings = readProcessSettings(section);
  const settings: Settings = { ...environment, exposed: processSettings.network.expose };
  return {
    path,
    env,
    settings,
    process: processSettings,
    adapters: chooseAdapters(settings.profile, section('adapters'), settings.servers),
    servers: [...upstreams.servers, ...builtInUpstreams(settings)],
    problems: [...document.duplicates, ...unknownKeys(value), ...upstreams.problems],
    section,
  };
}

function configPath(env: ConfigInput['env'], argv: readonly string[]): string | undefined {
  let fromArguments: string | undefined;
  try {
    fromArguments = parseArgs({ args: [...argv], options: { config: { type: 'string' } } }).values.config;
  } catch (error) {
    throw new ConfigError([{ path: 'arguments', message: `${(error as Error).message}. Allowed: --config FILE` }]);
  }
  const path = fromArguments ?? env.SIGNALBOX_CONFIG;
  return path === undefined || path === '' ? undefined : resolve(path);
}

function defaultDocument(dataDir: string): ConfigDocument {
  const sandbox = join(dataDir, 'sandbox');
  const value = { [SECTION]: defaultMcpServers(sandbox, join(dataDir, 'sample.db')) };
  return { value, duplicates: [] };
}

const SANDBOX_README = `This folder is what the filesystem server of Signalbox's default configuration may read and write.
Put files here that your agents may work with. To open another folder, write a configuration file (see the README of Signalbox).
`;

/** Creates what the default configuration points at. Does nothing when there is a configuration file. */
export function prepareDefaults(config: LoadedConfig): void {
  if (config.path !== undefined) return;
  const sandbox = join(config.settings.dataDir, 'sandbox');
  mkdirSync(sandbox, { recursive: true });
  try {
    writeFileSync(join(sandbox, 'README.md'), SANDBOX_README, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
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

/** @throws ConfigError naming each variable that the section refers to and that is not set */
function sectionOf(sections: unknown, name: string, env: ConfigInput['env']): unknown {
  if (typeof sections !== 'object' || sections === null || !Object.hasOwn(sections, name)) return undefined;
  const problems: ConfigProblem[] = [];
  const value = interpolate((sections as Record<string, unknown>)[name], env, `signalbox.${name}`, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return value;
}
