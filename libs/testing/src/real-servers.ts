import { describe, it } from 'vitest';

/** Environment variables that name a real server. `shared/lab/lab env` prints those of this machine. */
export type RealServer =
  'AMQP_URL' | 'MONGODB_URL' | 'CONSUL_URL' | 'JAEGER_QUERY_URL' | 'OTEL_EXPORTER_OTLP_ENDPOINT' | 'TOXIPROXY_URL';

const told = new Set<string>();

/**
 * The URL of a real server, from the environment.
 * @returns undefined when there is none, and says so once
 * @throws Error in CI, where every suite has to run
 */
export function requireServer(name: RealServer): string | undefined {
  const url = process.env[name];
  if (url) return url;
  if (process.env['CI']) throw new Error(`${name} is not set: in CI every suite that needs a real server has to run`);
  if (!told.has(name)) console.warn(`${name} is not set: suites that need that server are skipped`);
  told.add(name);
  return undefined;
}

/** A `describe` of what needs real servers: gets their URLs, and is skipped when one is missing. */
export function describeWithServers(
  servers: readonly RealServer[],
  title: string,
  suite: (...urls: string[]) => void,
): void {
  const urls = servers.map(requireServer);
  if (urls.every((url) => url !== undefined)) describe(title, () => suite(...urls));
  else it.skip(`${title}: needs ${servers.join(', ')}`);
}
