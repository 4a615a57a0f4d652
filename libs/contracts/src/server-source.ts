import { API_SOURCE } from './events/servers.js';

const DISCOVERED = 'discovered:';

/** `source` of a server that a source of discovery has found: its definition is in the log as one of the API is. */
export const discoveredSource = (name: string): string => DISCOVERED + name;

/** The source of discovery that a server's `source` names; undefined for servers of another origin. */
export function discoveredBy(source: string): string | undefined {
  return source.startsWith(DISCOVERED) ? source.slice(DISCOVERED.length) : undefined;
}

/** Whether the definition of a server of this `source` is the one in the log, and not in the configuration. */
export function isDefinedInLog(source: string | undefined): boolean {
  return source === API_SOURCE || (source !== undefined && discoveredBy(source) !== undefined);
}
