import { SERVICE_NAMES, type ServiceName, type UpstreamDefinition } from '@signalbox/contracts';
import type { SectionChecks } from '@signalbox/nest-kit';
import type { ConfigProblem } from '@signalbox/ports';
import { ConfigError } from './config-error.js';
import { loadConfig, prepareDefaults, type ConfigInput } from './load-config.js';
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

const NOTHING = { path: undefined, places: [], usesDataFolder: false, servers: [] } as const;

/**
 * Reads a configuration from environment, arguments and file, and checks it as every service would at its start. What is in
 * Consul is not asked for.
 * @param checks how the services validate their sections
 * @param prepares whether to create what the default configuration points at
 */
export function inspectConfig(input: ConfigInput, checks: SectionChecks, prepares = false): InspectedConfig {
  let problems: readonly ConfigProblem[] = [];
  try {
    const config = loadConfig(input);
    const wrong = config.use(checks);
    problems = [...wrong, ...config.problems];
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
