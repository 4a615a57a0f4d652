import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { PORT_OFFSETS, type ServiceName } from '@signalbox/contracts';
import * as z from 'zod';
import { ConfigError } from './config-error.js';
import { readServerUrls, type ServerUrls } from './server-urls.js';

export const PROFILES = ['embedded', 'distributed'] as const;
export type Profile = (typeof PROFILES)[number];

const HIGHEST_OFFSET = Math.max(...Object.values(PORT_OFFSETS));
const HIGHEST_BASE = 65_535 - HIGHEST_OFFSET;

/** What decides where a Signalbox runs, from the environment (DESIGN section 8). */
export interface Settings {
  readonly profile: Profile;
  /** Absolute path of the folder that holds the log, blobs and read models. */
  readonly dataDir: string;
  /** The gateway's port; the other services take the four after it. */
  readonly portBase: number;
  /** Address that the exposed services listen on. */
  readonly bind: string;
  /** Name or address under which other services reach those of this process; undefined: found out by itself. */
  readonly advertise?: string | undefined;
  /** `none`: metrics are not sent to the collector, and only shown at `/metrics`. */
  readonly metricsExporter: 'otlp' | 'none';
  /** Where in Consul's key-value store the configuration is. */
  readonly consulPrefix: string;
  /** Where the servers are that adapters work with. */
  readonly servers: ServerUrls;
  /** The services that listen on `bind` also when others can reach it; the rest keep to this machine. */
  readonly exposed: readonly ServiceName[];
}

const LOOPBACK = '127.0.0.1';
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

const environmentSchema = z.object({
  SIGNALBOX_PROFILE: z.enum(PROFILES, { error: `must be one of: ${PROFILES.join(', ')}` }).default('embedded'),
  SIGNALBOX_DATA: z.string().default('./data'),
  SIGNALBOX_PORT_BASE: z
    .string()
    .regex(/^\d{1,5}$/, { error: portBaseMessage() })
    .transform(Number)
    .pipe(z.number().min(1, { error: portBaseMessage() }).max(HIGHEST_BASE, { error: portBaseMessage() }))
    .default(3000),
  SIGNALBOX_BIND: z
    .string()
    .refine((value) => value === 'localhost' || isIP(value) !== 0, {
      error: 'must be an IP address or localhost, such as 127.0.0.1',
    })
    .default(LOOPBACK),
  SIGNALBOX_CONSUL_PREFIX: z
    .string()
    .regex(/^[^/\s?#]+(\/[^/\s?#]+)*$/, { error: 'must be a key of Consul, such as signalbox/config' })
    .default('signalbox/config'),
  SIGNALBOX_ADVERTISE: z
    .string()
    .refine((value) => isIP(value) !== 0 || HOST_NAME.test(value), {
      error: 'must be a host name or an IP address, such as 10.0.0.5',
    })
    .optional(),
  OTEL_METRICS_EXPORTER: z.enum(['otlp', 'none'], { error: 'must be one of: otlp, none' }).default('otlp'),
});

/**
 * Reads the settings from environment variables. An empty value counts as absent.
 * @throws ConfigError naming each wrong variable and what it may be
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Omit<Settings, 'exposed'> {
  const given = Object.fromEntries(Object.keys(environmentSchema.shape).map((key) => [key, env[key] || undefined]));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => {
        const variable = String(issue.path[0]);
        return { path: variable, message: `${issue.message} (is ${JSON.stringify(given[variable])})` };
      }),
    );
  }
  const { data } = parsed;
  return {
    profile: data.SIGNALBOX_PROFILE,
    dataDir: resolve(data.SIGNALBOX_DATA),
    portBase: data.SIGNALBOX_PORT_BASE,
    bind: data.SIGNALBOX_BIND,
    advertise: data.SIGNALBOX_ADVERTISE,
    consulPrefix: data.SIGNALBOX_CONSUL_PREFIX,
    metricsExporter: data.OTEL_METRICS_EXPORTER,
    servers: readServerUrls(env),
  };
}

export function portOf(settings: Pick<Settings, 'portBase'>, service: ServiceName): number {
  return settings.portBase + PORT_OFFSETS[service];
}

/** The address a service listens on: one that others can reach only if the service is exposed. */
export function bindOf({ bind, exposed }: Pick<Settings, 'bind' | 'exposed'>, service: ServiceName): string {
  return isLoopback(bind) || exposed.includes(service) ? bind : LOOPBACK;
}

function isLoopback(bind: string): boolean {
  return bind === 'localhost' || bind === '::1' || bind.startsWith('127.');
}

/**
 * Name or address that others reach a service by, for the directory: SIGNALBOX_ADVERTISE, else the address it listens on; in
 * the place of one that stands for all, the machine's name (in a container: one that the container network knows). A service
 * that keeps to this machine has its loopback address.
 */
export function advertisedHost(
  settings: Pick<Settings, 'bind' | 'exposed' | 'advertise'>,
  service: ServiceName,
): string {
  const bind = bindOf(settings, service);
  if (isLoopback(bind)) return bind;
  return settings.advertise ?? (bind === '0.0.0.0' || bind === '::' ? hostname() : bind);
}

/** Where a client on this machine reaches a service: an address that stands for all is replaced by the loopback one. */
export function localUrl(settings: Pick<Settings, 'portBase' | 'bind' | 'exposed'>, service: ServiceName): string {
  const bind = bindOf(settings, service);
  const host = bind === '0.0.0.0' || bind === '::' ? LOOPBACK : bind;
  return `http://${isIP(host) === 6 ? `[${host}]` : host}:${portOf(settings, service)}`;
}

function portBaseMessage(): string {
  return `must be a whole number from 1 to ${HIGHEST_BASE}: five services take the ports from it up`;
}
