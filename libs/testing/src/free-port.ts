import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const HOST = '127.0.0.1';
// below the range from which systems take ports for outgoing connections
const [LOWEST, HIGHEST] = [20_000, 32_000];
const MAX_TRIES = 100;

/** A port ≥ 20000 on 127.0.0.1 that nobody listens on at the moment. */
export function freePort(): Promise<number> {
  return freePortBase(1);
}

/** The first of `count` successive free ports, for `SIGNALBOX_PORT_BASE`. @throws Error when none was found in 100 tries */
export async function freePortBase(count: number): Promise<number> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const base = randomInt(LOWEST, HIGHEST - count);
    const free = await Promise.all(Array.from({ length: count }, (_, offset) => isFree(base + offset)));
    if (free.every(Boolean)) return base;
  }
  throw new Error(`no ${count} successive free ports between ${LOWEST} and ${HIGHEST} after ${MAX_TRIES} tries`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}
