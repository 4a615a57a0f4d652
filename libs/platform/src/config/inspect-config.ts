import { ConsulConfigSource } from '@signalbox/adapter-consul';
import { SERVICE_NAMES, type ServiceName, type UpstreamDefinition } from '@signalbox/contracts';
import type { SectionChecks } from '@signalbox/nest-kit';
import type { ConfigProblem } from '@signalbox/ports';
import { ConfigError } from './config-error.js';
import type { LiveConfig } from './live-config.js';
import { loadConfig, prepareDefaults, type ConfigInput } from './load-config.js';
import { shownUrl } from './server-urls.js';
import { bindOf, localUrl, portOf, readSettings, type Settings } from './settings.js';

/** Where one service would listen. */
export interface ServicePlace {
  readonly service: ServiceName;
  readonly bind: string;
  readonly port: number;
  /** Where this machine reaches it. */
  readonly url: string;
}

/** A configuration as it is read at a start, without anything being started. */
export interface InspectedConfig {
  /** The file; undefined for the program's own default. */
  readonly path: string | undefined;
  readonly problems: readonly ConfigProblem[];
  /** Whether nothing would start; else what is wrong is left out, and the rest runs. */
  readonly isFatal: boolean;
  /** Undefined when the environment is wrong already. */
  readonly settings: Pick<Settings, 'profile' | 'dataDir' | 'servers'> | undefined;
  readonly places: readonly ServicePlace[];
  /** Whether the event log is in the data folder. */
  readonly usesDataFolder: boolean;
  /** Upstream servers that are valid and enabled, without the program's own services. */
  readonly servers: readonly UpstreamDefinition[];
}

/** Bound on one answer of Consul, in milliseconds. */
const CONSUL_WITHIN_MS = 5_000;
const NOTHING = { path: undefined, places: [], usesDataFolder: false, servers: [] } as const;

/**
 * Reads a configuration from environment, arguments, file and, where CONSUL_URL is set, Consul, and checks it as every service
 * would at its start. Consul that does not answer is a problem like others.
 * @param checks how the services validate their sections
 * @param prepares whether to create what the default configuration points at
 */
export async function inspectConfig(
  input: ConfigInput,
  checks: SectionChecks,
  prepares = false,
): Promise<InspectedConfig> {
  let problems: readonly ConfigProblem[] = [];
  try {
    const config = loadConfig(input);
    const wrong = config.use(checks);
    const consul = wrong.length > 0 ? [] : await addConsul(config);
    problems = [...wrong, ...config.problems, ...consul];
    if (prepares) prepareDefaults(config);
    return {
      path: config.path,
      problems,
      isFatal: wrong.length > 0,
      settings: config.settings,
      places: placesOf(config.settings),
      usesDataFolder: Object.values(config.adapters).includes('embedded'),
      servers: config.servers.filter(({ source }) => source !== 'built-in'),
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const settings = settingsOf(input);
    const places = settings ? placesOf({ ...settings, exposed: ['gateway'] }) : [];
    return { ...NOTHING, problems: [...problems, ...error.problems], isFatal: true, settings, places };
  }
}

/** @returns why it could not be read; what is wrong in it is among the problems of the configuration then */
async function addConsul(config: LiveConfig): Promise<readonly ConfigProblem[]> {
  const { servers, consulPrefix } = config.settings;
  const url = servers.CONSUL_URL;
  if (url === undefined) return [];
  const source = new ConsulConfigSource({ url, prefix: consulPrefix });
  const { where } = source;
  try {
    const value = await within(source.load());
    config.add({ source: 'consul', where, value });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    const message = `what is in Consul at ${shownUrl(url)} cannot be read: ${(error as Error).message}`;
    return [{ path: 'CONSUL_URL', message, source: 'consul', where }];
  } finally {
    await source.close();
  }
}

function within<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no answer within ${CONSUL_WITHIN_MS} ms`)), CONSUL_WITHIN_MS);
    work.then(resolve, reject).finally(() => clearTimeout(late));
  });
}

function settingsOf({ env }: ConfigInput): Omit<Settings, 'exposed'> | undefined {
  try {
    return readSettings(env);
  } catch {
    return undefined;
  }
}

function placesOf(settings: Settings): ServicePlace[] {
  return SERVICE_NAMES.map((service) => ({
    service,
    bind: bindOf(settings, service),
    port: portOf(settings, service),
    url: localUrl(settings, service),
  }));
}
