import type { HealthObservation } from '@signalbox/domain/server';
import { UpstreamProtocolError, type UpstreamConnection } from '@signalbox/mcp';
import { request } from 'undici';
import { isSuspended } from './suspended.js';

export interface ProbeOptions {
  readonly timeoutMs: number;
  /** Asked by GET in place of a ping; well when the answer is 2xx. */
  readonly url?: string | undefined;
}

/** Looks once whether a server is well. Never rejects. */
export async function probe(
  connection: Pick<UpstreamConnection, 'pid' | 'ping'>,
  { timeoutMs, url }: ProbeOptions,
): Promise<HealthObservation> {
  if (await isSuspended(connection.pid)) return { kind: 'suspended' };
  const begun = performance.now();
  try {
    await (url === undefined ? connection.ping(timeoutMs) : ask(url, timeoutMs));
  } catch (error) {
    // refusing to answer is an answer
    const isRefusal = error instanceof UpstreamProtocolError && error.status === undefined;
    if (!isRefusal) return { kind: 'missed', error: (error as Error).message };
  }
  return { kind: 'answered', afterMs: performance.now() - begun };
}

/** @throws Error with the status when it is not 2xx */
async function ask(url: string, timeoutMs: number): Promise<void> {
  const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(timeoutMs) });
  await body.dump();
  if (statusCode < 200 || statusCode > 299) throw new Error(`GET ${url} answered ${statusCode}`);
}
