import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { ConfigSource } from '@signalbox/ports';
import { ConfigError } from './config-error.js';
import { readConfigFile, type ConfigDocument } from './config-file.js';
import { defaultMcpServers } from './default-config.js';
import { environmentLayer } from './env-layer.js';
import { LiveConfig } from './live-config.js';
import { SECTION_NAMES } from './resolve.js';
import { readSettings } from './settings.js';
import { SECTION } from './upstreams.js';

/** The configuration of a process, as its parts need it. */
export type LoadedConfig = Pick<LiveConfig, keyof ConfigSource | 'settings' | 'process' | 'adapters' | 'readServer'>;

export interface ConfigInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Arguments after the program's own name. */
  readonly argv: readonly string[];
}

/**
 * Reads environment, arguments and the configuration file: the program's own default configuration stands in for a file that
 * nobody names, and variables go before the file.
 * @throws ConfigError when nothing can be started with it: wrong variables or arguments, a file that is missing or no JSON.
 * What is wrong with single entries is in `problems` instead.
 */
export function loadConfig({ env, argv }: ConfigInput): LiveConfig {
  const settings = readSettings(env);
  const path = configPath(env, argv);
  const weakest =
    path === undefined
      ? { ...DEFAULT, value: defaultDocument(settings.dataDir), problems: [] }
      : { ...fileLayer(path), ...withProblems(readConfigFile(path)) };
  const layers = [weakest, environmentLayer(env, SECTION_NAMES)];
  return new LiveConfig({ env, path, layers, settings });
}

const DEFAULT = { source: 'default', where: 'default' } as const;
const fileLayer = (path: string) => ({ source: 'file', where: path }) as const;
const withProblems = ({ value, duplicates }: ConfigDocument) => ({ value, problems: duplicates });

/** Reads the file again; one that is wrong changes nothing. */
export function reloadFile(config: LiveConfig, path: string): void {
  let read: ConfigDocument;
  try {
    read = readConfigFile(path);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return config.refuse('file', error.problems);
  }
  config.update('file', read.value, read.duplicates);
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

function defaultDocument(dataDir: string): Readonly<Record<string, unknown>> {
  const sandbox = join(dataDir, 'sandbox');
  return { [SECTION]: defaultMcpServers(sandbox, join(dataDir, 'sample.db')) };
}

const SANDBOX_README = `This folder is what the filesystem server of Signalbox's default configuration may read and write.
Put files here that your agents may work with. To open another folder, write a configuration file (see the README of Signalbox).
`;

/** Creates what the default configuration points at. Does nothing when there is a configuration file. */
export function prepareDefaults(config: Pick<LoadedConfig, 'path' | 'settings'>): void {
  if (config.path !== undefined) return;
  const sandbox = join(config.settings.dataDir, 'sandbox');
  mkdirSync(sandbox, { recursive: true });
  try {
    writeFileSync(join(sandbox, 'README.md'), SANDBOX_README, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
