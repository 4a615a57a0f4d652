import { SERVICE_NAMES } from '@signalbox/contracts';
import * as z from 'zod';
import { ConfigError } from './config-error.js';
import { problemsOf } from './zod-problems.js';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

export const loggingSchema = z
  .strictObject({
    level: z.enum(LOG_LEVELS).default('info'),
    /** `auto`: readable on a terminal, JSON lines elsewhere. */
    format: z.enum(['auto', 'json', 'pretty']).default('auto'),
  })
  .prefault({});

export const shutdownSchema = z
  .strictObject({
    /** How long all services together may take to finish what they have, in milliseconds. */
    drainMs: z.number().int().min(0).max(600_000).default(15_000),
  })
  .prefault({});

export const networkSchema = z
  .strictObject({
    /**
     * Which services listen on SIGNALBOX_BIND when others can reach that address. Only the gateway authenticates its
     * callers: expose another one only where the network is trusted.
     */
    expose: z
      .array(z.enum(SERVICE_NAMES, { error: `must be one of: ${SERVICE_NAMES.join(', ')}` }))
      .default(['gateway']),
  })
  .prefault({});

export const storageSchema = z
  .strictObject({
    /** What an acknowledged append survives: `NORMAL` the death of the process, `FULL` the loss of power too, at a price. */
    synchronous: z.enum(['NORMAL', 'FULL']).default('NORMAL'),
  })
  .prefault({});

export const startupSchema = z
  .strictObject({
    /** How long to wait at start for each server (database, broker, directory) to answer, in milliseconds. */
    waitMs: z.number().int().min(0).max(3_600_000).default(60_000),
  })
  .prefault({});

export const logSchema = z
  .strictObject({
    /** How long somebody waits for the event log before hearing that it is away, in milliseconds. */
    timeoutMs: z.number().int().min(50).max(600_000).default(2_000),
    /** Commits of what has happened already that are kept in memory, per service, while the log is away. */
    maxKept: z.number().int().min(1).max(1_000_000).default(10_000),
    /** Characters of their events' JSON text. */
    maxKeptBytes: z
      .number()
      .int()
      .min(1)
      .max(1024 * 1024 * 1024)
      .default(64 * 1024 * 1024),
  })
  .prefault({});

export const rabbitmqSchema = z
  .strictObject({
    /**
     * Whether the queues of commands are replicated, as those of events are. In a cluster the others are away for as long as
     * the node that they are on; replicated ones are half as fast. A queue stays what it was made as: decide before the first start.
     */
    replicateTransient: z.boolean().default(false),
  })
  .prefault({});

export const telemetrySchema = z
  .strictObject({
    /** Share of the calls that come without a trace of their own of which spans are sent; a caller's trace is sent as it says. */
    sampleRatio: z.number().min(0).max(1).default(1),
    /** Time between two times that metrics are sent to the collector, in milliseconds. */
    metricsIntervalMs: z.number().int().min(1_000).max(3_600_000).default(60_000),
  })
  .prefault({});

export const clusterSchema = z
  .strictObject({
    /** Time between two reports of the load of an instance, in milliseconds; one that misses three counts as silent. */
    heartbeatMs: z.number().int().min(100).max(60_000).default(5_000),
  })
  .prefault({});

export const configSchema = z
  .strictObject({
    /** Whether the configuration file and Consul are watched, and changes applied while running. */
    watch: z.boolean().default(true),
    /** Time between two looks at the configuration file, in milliseconds. */
    pollMs: z.number().int().min(50).max(3_600_000).default(500),
    /** How long the file must stay as it is before it is read again: a half-written one is no edit. */
    settleMs: z.number().int().min(0).max(60_000).default(200),
  })
  .prefault({});

/** The sections of the file that are about the process and not about one service. */
export interface ProcessSettings {
  readonly cluster: z.infer<typeof clusterSchema>;
  readonly config: z.infer<typeof configSchema>;
  readonly log: z.infer<typeof logSchema>;
  readonly logging: z.infer<typeof loggingSchema>;
  readonly shutdown: z.infer<typeof shutdownSchema>;
  readonly network: z.infer<typeof networkSchema>;
  readonly rabbitmq: z.infer<typeof rabbitmqSchema>;
  readonly startup: z.infer<typeof startupSchema>;
  readonly telemetry: z.infer<typeof telemetrySchema>;
  /** Of the embedded profile. */
  readonly storage: z.infer<typeof storageSchema>;
}

const SCHEMAS = {
  cluster: clusterSchema,
  config: configSchema,
  log: logSchema,
  logging: loggingSchema,
  shutdown: shutdownSchema,
  network: networkSchema,
  rabbitmq: rabbitmqSchema,
  startup: startupSchema,
  storage: storageSchema,
  telemetry: telemetrySchema,
} as const satisfies { readonly [N in keyof ProcessSettings]: z.ZodPrefault<z.ZodObject> };

type ReadSection = (name: string) => unknown;

/** Parses each of these sections. They throw ConfigError naming each wrong key by path. */
export const PROCESS_SECTIONS = Object.fromEntries(
  Object.entries(SCHEMAS).map(([name, schema]) => [
    name,
    ({ section }: { section: ReadSection }) => parse(name, schema, section),
  ]),
) as { readonly [N in keyof ProcessSettings]: (source: { section: ReadSection }) => ProcessSettings[N] };

/** @throws ConfigError naming each wrong key by path */
export function readProcessSettings(section: ReadSection): ProcessSettings {
  return Object.fromEntries(
    Object.entries(PROCESS_SECTIONS).map(([name, read]) => [name, read({ section })]),
  ) as unknown as ProcessSettings;
}

function parse(name: string, schema: z.ZodPrefault<z.ZodObject>, section: ReadSection): unknown {
  const parsed = schema.safeParse(section(name));
  if (parsed.success) return parsed.data;
  throw new ConfigError(problemsOf(parsed.error.issues, `signalbox.${name}`, () => Object.keys(schema.unwrap().shape)));
}
