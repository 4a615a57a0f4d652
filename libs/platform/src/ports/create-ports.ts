import type { InstanceLeases, PortSet } from '@signalbox/ports';
import { serverOf, type Family } from '../config/adapter-choice.js';
import { ConfigError } from '../config/config-error.js';
import type { LoadedConfig } from '../config/load-config.js';
import { shownUrl } from '../config/server-urls.js';
import { openDataFolder } from './data-folder.js';
import { FAMILIES, familiesOf, type FamilyName, type OpenFamily, type ReportError } from './families.js';
import { waitForServer } from './wait-for-server.js';

export type OpenPorts = PortSet & {
  /** Only with a log that several processes write to; otherwise there is one instance of each service. */
  readonly leases?: InstanceLeases;
  /** Closes every adapter and frees the data folder. */
  close(): Promise<void>;
};

export interface CreatePortsOptions {
  /** Hears of failures behind the scenes, which the adapters try to mend by themselves. */
  readonly onError?: ReportError;
  /** Hears, again and again, which server is waited for and why. */
  readonly onWaiting?: (what: string, error: Error) => void;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/**
 * Opens the adapters that the configuration chooses, side by side, and waits for their servers. If one of them keeps its
 * data in the data folder, the process owns that folder from here to `close`.
 * @throws ConfigError when an adapter is chosen that this version lacks
 * @throws StartError when a server does not answer in time
 * @throws DataFolderInUseError when another process works in the data folder
 */
export async function createPorts(
  config: Pick<LoadedConfig, 'settings' | 'process' | 'adapters'>,
  options: CreatePortsOptions = {},
): Promise<OpenPorts> {
  const table = familiesOf(config.adapters);
  const names = [...new Set(Object.values(table))];
  refuseMissingFamilies(names);
  const folder = names.includes('embedded') ? openDataFolder(config.settings.dataDir) : undefined;
  const failing = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failing.signal]) : failing.signal;
  let first: unknown;
  const outcomes = await Promise.allSettled(
    names.map((name) =>
      openFamily(name, config, { ...options, signal }).catch((error: unknown) => {
        if (!signal.aborted) first = error;
        failing.abort();
        throw error;
      }),
    ),
  );
  const opened = new Map<string, OpenFamily>();
  outcomes.forEach((outcome, index) => {
    if (outcome.status === 'fulfilled') opened.set(names[index]!, outcome.value);
  });
  const close = async (): Promise<void> => {
    const closed = await Promise.allSettled([...opened.values()].map((family) => family.close()));
    folder?.release();
    for (const outcome of closed) if (outcome.status === 'rejected') throw outcome.reason;
  };
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed === undefined) return { ...pick(table, opened), leases: opened.get(table.events)?.leases, close };
  await close().catch(() => undefined);
  throw first ?? failed.reason;
}

async function openFamily(
  name: FamilyName,
  { settings, process: { storage, startup, telemetry, rabbitmq } }: Pick<LoadedConfig, 'settings' | 'process'>,
  { onError, onWaiting, signal }: CreatePortsOptions,
): Promise<OpenFamily> {
  const server = name === 'process' ? undefined : serverOf(name, settings.servers);
  const open = (): Promise<OpenFamily> =>
    FAMILIES[name]!({ settings, storage, telemetry, rabbitmq, url: server?.url ?? '', onError });
  if (server === undefined) return open();
  const what = `${name} at ${shownUrl(server.url)} (${server.variable})`;
  return waitForServer(open, { what, waitMs: startup.waitMs, onWaiting, signal });
}

function refuseMissingFamilies(names: readonly FamilyName[]): void {
  const missing = names.filter((name) => !(name in FAMILIES)) as Family[];
  if (missing.length === 0) return;
  throw new ConfigError([
    {
      path: 'signalbox.adapters',
      message: `this version does not have: ${missing.join(', ')}. Allowed: ${Object.keys(FAMILIES)
        .filter((name) => name !== 'process')
        .join(', ')}`,
    },
  ]);
}

function pick(table: Readonly<Record<keyof PortSet, string>>, opened: ReadonlyMap<string, OpenFamily>): PortSet {
  const of = <P extends keyof PortSet>(port: P): PortSet[P] => {
    const found = opened.get(table[port])?.ports[port];
    if (found === undefined) throw new Error(`The adapters "${table[port]}" have no ${port}`);
    return found;
  };
  return {
    events: of('events'),
    bus: of('bus'),
    directory: of('directory'),
    readModels: of('readModels'),
    blobs: of('blobs'),
    leader: of('leader'),
    telemetry: of('telemetry'),
    clock: of('clock'),
  };
}
