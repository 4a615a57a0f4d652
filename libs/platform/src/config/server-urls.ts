import type { ConfigProblem } from '@signalbox/ports';
import { ConfigError } from './config-error.js';

/** The environment variables that say where the servers of the distributed profile are. */
export const SERVER_URLS = {
  AMQP_URL: { pattern: /^amqps?:\/\/\S+$/, example: 'amqp://user:password@rabbitmq:5672' },
  MONGODB_URL: { pattern: /^mongodb(\+srv)?:\/\/\S+$/, example: 'mongodb://mongo:27017/signalbox' },
  CONSUL_URL: { pattern: /^https?:\/\/\S+$/, example: 'http://consul:8500' },
  OTEL_EXPORTER_OTLP_ENDPOINT: { pattern: /^https?:\/\/\S+$/, example: 'http://jaeger:4318' },
} as const;
export type ServerVariable = keyof typeof SERVER_URLS;
export type ServerUrls = Readonly<Partial<Record<ServerVariable, string>>>;

/**
 * Reads the addresses of servers. An empty value counts as absent.
 * @throws ConfigError naming each wrong variable and what it may be, without its value: that may hold a password
 */
export function readServerUrls(env: Readonly<Record<string, string | undefined>>): ServerUrls {
  const urls: Partial<Record<ServerVariable, string>> = {};
  const problems: ConfigProblem[] = [];
  for (const [variable, { pattern, example }] of Object.entries(SERVER_URLS)) {
    const value = env[variable]?.trim();
    if (!value) continue;
    if (pattern.test(value)) urls[variable as ServerVariable] = value;
    else problems.push({ path: variable, message: `must be a URL such as ${example}` });
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return urls;
}

/** A URL as a log may have it: without user, password and options. */
export function shownUrl(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//').replace(/\?.*$/, '');
}
