import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { LIMITS, type BalancerConfig, type Route } from './config.js';
import { Replicas, type Lookup } from './replicas.js';

export interface RunningBalancer {
  /** The ports that are listened on, in the order of the routes. */
  readonly ports: readonly number[];
  /** Takes no new connections and ends those there are. */
  stop(): Promise<void>;
}

/**
 * Shares connections among replicas. It works on connections and not on requests, so that streams, uploads and all of HTTP
 * pass as they are; a connection that no replica takes is closed.
 * @param lookup all addresses of a name; the system's name service when absent
 */
export async function startBalancer({ routes, bind }: BalancerConfig, lookup?: Lookup): Promise<RunningBalancer> {
  const running = await Promise.all(routes.map((route) => startRoute(route, bind, lookup)));
  return {
    ports: running.map(({ server }) => (server.address() as AddressInfo).port),
    stop: async () => void (await Promise.all(running.map(({ stop }) => stop()))),
  };
}

async function startRoute(
  route: Route,
  bind: string,
  lookup?: Lookup,
): Promise<{ server: Server; stop(): Promise<void> }> {
  const replicas = new Replicas(route, lookup);
  const clients = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    clients.add(client);
    client.once('close', () => clients.delete(client));
    // errors end in `close`, which is what the other side hears
    client.on('error', () => undefined);
    void join(client, replicas.candidates(), route.hostPort);
  });
  server.maxConnections = LIMITS.maxConnections;
  await replicas.start();
  server.listen(route.port, bind);
  await once(server, 'listening');
  return {
    server,
    stop: async () => {
      replicas.stop();
      const closed = once(server, 'close');
      server.close();
      for (const client of clients) client.destroy();
      await closed;
    },
  };
}

async function join(client: Socket, candidates: readonly string[], port: number): Promise<void> {
  for (const host of candidates) {
    if (client.destroyed) return;
    const replica = await tryConnect(host, port);
    if (replica === undefined) continue;
    replica.on('error', () => undefined);
    replica.once('close', () => client.destroy());
    client.once('close', () => replica.destroy());
    if (client.destroyed) return void replica.destroy();
    client.pipe(replica);
    replica.pipe(client);
    return;
  }
  client.destroy();
}

function tryConnect(host: string, port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
    const giveUp = setTimeout(() => socket.destroy(), LIMITS.connectTimeoutMs);
    socket.once('connect', () => {
      clearTimeout(giveUp);
      resolve(socket);
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(giveUp);
      resolve(undefined);
    });
  });
}
