import * as z from 'zod';

/** A port that is listened on, and the replicas that stand behind it: all addresses of one name. */
export interface Route {
  readonly port: number;
  readonly host: string;
  readonly hostPort: number;
}

export interface BalancerConfig {
  readonly routes: readonly Route[];
  readonly bind: string;
}

/** Bounds, in milliseconds unless they are counts. */
export const LIMITS = {
  /** Between two looks at the name service and at the health of every replica. */
  checkMs: 1_000,
  /** How long a replica may take to say that it is ready. */
  checkTimeoutMs: 1_500,
  /** How long a connection to a replica may take to be made. */
  connectTimeoutMs: 2_000,
  /** Connections at a time on each port; further ones wait in the system's queue. */
  maxConnections: 10_000,
} as const;

const ROUTE = /^(\d{1,5})=([a-zA-Z0-9][a-zA-Z0-9.-]{0,252}):(\d{1,5})$/;
const port = (text: string | undefined): number => z.coerce.number().int().min(1).max(65_535).parse(text);

/**
 * BALANCER_ROUTES: `3000=gateway:3000,3004=monitor:3004`; BALANCER_BIND: the address to listen on, default 127.0.0.1.
 * @throws Error that names the wrong route
 */
export function parseBalancerConfig(env: Readonly<Record<string, string | undefined>>): BalancerConfig {
  const routes = (env.BALANCER_ROUTES ?? '')
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map(parseRoute);
  if (routes.length === 0) throw new Error('BALANCER_ROUTES is empty: it needs PORT=HOST:PORT, several with commas');
  return { routes, bind: env.BALANCER_BIND || '127.0.0.1' };
}

function parseRoute(text: string): Route {
  const [, own, host, hostPort] = ROUTE.exec(text) ?? [];
  try {
    return { port: port(own), host: host ?? '', hostPort: port(hostPort) };
  } catch {
    throw new Error(`BALANCER_ROUTES: "${text}" is no PORT=HOST:PORT with ports from 1 to 65535`);
  }
}
