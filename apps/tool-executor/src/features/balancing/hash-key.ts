import type { BalancingSettings } from '@signalbox/contracts';
import type { Wanted } from './connection-pool.js';

/** What belongs together, as a text. What a request lacks is replaced by its session, and that by its principal. */
export function hashKey({ hashBy, argument }: BalancingSettings, wanted: Wanted | undefined, key: string): string {
  if (!wanted) return key;
  const { client, params } = wanted.command;
  if (hashBy === 'principal') return client.principal;
  const value = hashBy === 'argument' ? at(params?.['arguments'], argument!) : undefined;
  if (value !== undefined) return typeof value === 'string' ? value : JSON.stringify(value);
  return client.sessionId ?? client.principal;
}

function at(value: unknown, path: string): unknown {
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
