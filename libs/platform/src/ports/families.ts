import { createEmbeddedPorts, EmbeddedLeaderLock, IdTelemetry } from '@signalbox/adapter-embedded';
import { hostname } from 'node:os';
import process from 'node:process';
import { systemClock, type InstanceLeases, type PortSet } from '@signalbox/ports';
import type { AdapterChoice, Family } from '../config/adapter-choice.js';
import type { ProcessSettings } from '../config/process-settings.js';
import type { Settings } from '../config/settings.js';
import { VERSION } from '../process/version.js';

/** What one family of adapters offers, opened. */
export interface OpenFamily {
  readonly ports: Partial<PortSet>;
  readonly leases?: InstanceLeases;
  close(): Promise<void>;
}

/** Hears of failures behind the scenes, which the adapters try to mend by themselves. */
export type ReportError = (error: unknown, where: string) => void;

export interface FamilyContext {
  readonly settings: Settings;
  readonly storage: ProcessSettings['storage'];
  readonly telemetry: ProcessSettings['telemetry'];
  readonly rabbitmq: ProcessSettings['rabbitmq'];
  /** Of the family's server; empty for those without one. */
  readonly url: string;
  readonly onError?: ReportError | undefined;
}

/** `process` is what needs neither a server nor the data folder. */
export type FamilyName = Family | 'process';

/**
 * How each family is opened; rejects when its server does not answer. Those with a server are loaded only when they are
 * chosen: loading them takes a start its time.
 */
export const FAMILIES: Readonly<Partial<Record<FamilyName, (context: FamilyContext) => Promise<OpenFamily>>>> = {
  process: async ({ onError }) => {
    const leader = new EmbeddedLeaderLock({ onError });
    return { ports: { clock: systemClock, telemetry: new IdTelemetry(), leader }, close: () => leader.close() };
  },
  embedded: async ({ settings, storage, onError }) => {
    const ports = await createEmbeddedPorts({ dataDir: settings.dataDir, synchronous: storage.synchronous, onError });
    return { ports, close: () => ports.close() };
  },
  mongodb: async ({ url }) => {
    const { MongoBlobStore, MongoEventStore, MongoInstanceLeases, MongoReadModels } =
      await import('@signalbox/adapter-mongodb');
    const leases = await MongoInstanceLeases.open(url);
    const opened = await openAll({
      events: () => MongoEventStore.open(url),
      readModels: () => MongoReadModels.open(url),
      blobs: () => MongoBlobStore.open(url),
    }).catch(async (error: unknown) => {
      await leases.close();
      throw error;
    });
    const close = async (): Promise<void> => void (await Promise.all([opened.close(), leases.close()]));
    return { ports: opened.ports, leases, close };
  },
  rabbitmq: async ({ url, rabbitmq, onError }) => {
    const { RabbitMqBus } = await import('@signalbox/adapter-rabbitmq');
    const instanceId = `${hostname()}-${process.pid}`;
    return openAll({ bus: () => RabbitMqBus.open({ url, instanceId, onError, ...rabbitmq }) });
  },
  consul: async ({ url, settings, onError }) => {
    const { ConsulDirectory, ConsulLeaderLock } = await import('@signalbox/adapter-consul');
    const directory = new ConsulDirectory({ url, onError });
    try {
      await directory.ping();
    } catch (error) {
      await directory.close();
      throw error;
    }
    // installations that share a Consul, each with a log of its own, have leaders of their own
    const prefix = `signalbox/${databaseOf(settings.servers.MONGODB_URL)}/leader`;
    const leader = new ConsulLeaderLock({ url, prefix, onError });
    const close = async (): Promise<void> => void (await Promise.all([directory.close(), leader.close()]));
    return { ports: { directory, leader }, close };
  },
  otel: async ({ url, settings, telemetry: options, onError }) => {
    const { OtelTelemetry } = await import('@signalbox/adapter-otel');
    const metrics = settings.metricsExporter === 'otlp';
    const telemetry = new OtelTelemetry({ ...options, metrics, endpoint: url, version: VERSION, onError });
    return { ports: { telemetry }, close: () => telemetry.close() };
  },
};

/** Which family serves each port. */
export function familiesOf(choice: AdapterChoice): Readonly<Record<keyof PortSet, FamilyName>> {
  const storesHere = (['events', 'bus', 'directory', 'readModels', 'blobs'] as const).some(
    (port) => choice[port] === 'embedded',
  );
  // a process that keeps nothing in the data folder leaves it alone: others may share it
  const light = (family: Family): FamilyName => (family === 'embedded' && !storesHere ? 'process' : family);
  return { ...choice, leader: light(choice.leader), telemetry: light(choice.telemetry), clock: 'process' };
}

/** The name of the log's database. */
function databaseOf(mongoUrl = ''): string {
  return /^[^/]+\/\/[^/]+\/([^?]+)/.exec(mongoUrl)?.[1] ?? 'signalbox';
}

type Closable = { close(): Promise<void> };

/** Opens several ports side by side, all or none. */
async function openAll(openers: {
  readonly [P in keyof PortSet]?: () => Promise<PortSet[P] & Closable>;
}): Promise<OpenFamily> {
  const outcomes = await Promise.allSettled(
    Object.entries(openers).map(async ([port, open]) => [port, await (open as () => Promise<Closable>)()] as const),
  );
  const opened = outcomes.filter((outcome) => outcome.status === 'fulfilled').map(({ value }) => value);
  const close = async (): Promise<void> => {
    for (const [, port] of opened.toReversed()) await port.close();
  };
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed === undefined) return { ports: Object.fromEntries(opened) as Partial<PortSet>, close };
  await close().catch(() => undefined);
  throw failed.reason;
}
