import type { ConfigProblem } from '@signalbox/ports';
import * as z from 'zod';
import { ConfigError } from './config-error.js';
import { SERVER_URLS, type ServerUrls, type ServerVariable } from './server-urls.js';
import type { Profile } from './settings.js';
import { problemsOf } from './zod-problems.js';

/** Which adapters each port may have; the first is the embedded profile's, the second the distributed profile's. */
const CHOICES = {
  events: ['embedded', 'mongodb'],
  bus: ['embedded', 'rabbitmq'],
  directory: ['embedded', 'consul'],
  readModels: ['embedded', 'mongodb'],
  blobs: ['embedded', 'mongodb'],
  leader: ['embedded', 'consul'],
  telemetry: ['embedded', 'otel'],
} as const;
export type ChosenPort = keyof typeof CHOICES;
export type Family = (typeof CHOICES)[ChosenPort][number];
export type AdapterChoice = Readonly<Record<ChosenPort, Family>>;

const PORTS = Object.keys(CHOICES) as ChosenPort[];
const VARIABLE_OF: Readonly<Partial<Record<Family, ServerVariable>>> = {
  mongodb: 'MONGODB_URL',
  rabbitmq: 'AMQP_URL',
  consul: 'CONSUL_URL',
  otel: 'OTEL_EXPORTER_OTLP_ENDPOINT',
};

const choice = ([first, second]: readonly [Family, Family]) =>
  z.enum([first, second], { error: `must be one of: ${first}, ${second}` }).optional();
const adaptersSchema = z
  .strictObject(Object.fromEntries(PORTS.map((port) => [port, choice(CHOICES[port])])))
  .prefault({});

/**
 * Which adapter serves each port: `signalbox.adapters` where it says so, the profile elsewhere.
 * @throws ConfigError naming wrong keys, and each chosen adapter whose server has no URL, with the variable that it lacks
 */
export function chooseAdapters(profile: Profile, section: unknown, urls: ServerUrls): AdapterChoice {
  const parsed = adaptersSchema.safeParse(section);
  if (!parsed.success) throw new ConfigError(problemsOf(parsed.error.issues, 'signalbox.adapters', () => PORTS));
  const given = parsed.data as Partial<Record<ChosenPort, Family>>;
  const chosen = Object.fromEntries(
    PORTS.map((port) => [port, given[port] ?? CHOICES[port][profile === 'embedded' ? 0 : 1]]),
  ) as Record<ChosenPort, Family>;
  // spans that nobody collects are no reason not to start
  if (given.telemetry === undefined && urls.OTEL_EXPORTER_OTLP_ENDPOINT === undefined) chosen.telemetry = 'embedded';
  const problems = PORTS.map((port) => missingUrl(port, chosen[port], port in given, urls)).filter(
    (problem) => problem !== undefined,
  );
  if (problems.length > 0) throw new ConfigError(mergeByPath(problems));
  return chosen;
}

/** The URL of the server that an adapter family works with, and where it was read. */
export function serverOf(family: Family, urls: ServerUrls): { variable: ServerVariable; url: string } | undefined {
  const variable = VARIABLE_OF[family];
  const url = variable === undefined ? undefined : urls[variable];
  return variable === undefined || url === undefined ? undefined : { variable, url };
}

function missingUrl(port: ChosenPort, family: Family, given: boolean, urls: ServerUrls): ConfigProblem | undefined {
  const variable = VARIABLE_OF[family];
  if (variable === undefined || urls[variable] !== undefined) return undefined;
  const by = given ? `signalbox.adapters.${port}` : 'SIGNALBOX_PROFILE=distributed';
  return {
    path: variable,
    message: `is not set, but ${by} chooses the adapter ${family}: set it to a URL such as ${SERVER_URLS[variable].example}`,
  };
}

function mergeByPath(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return [...new Map(problems.map((problem) => [problem.path, problem])).values()];
}
