import type { UpstreamDefinition } from '@signalbox/contracts';
import type { ConfigProblem } from './config-error.js';

/** Reads single servers as those of the configuration are read. */
export interface ServerReader {
  /**
   * Checks one entry of `mcpServers` and fills in what it takes from the environment.
   * @param source what the definition is to name as its origin
   * @returns the definition, or all that is wrong, by path
   */
  readServer(name: string, entry: unknown, source: string): UpstreamDefinition | readonly ConfigProblem[];
}
