import type { UpstreamDefinition } from '@signalbox/contracts';
import type { ConfigSource, ServerReader } from '@signalbox/ports';

/**
 * A definition of the log, with the values that it takes from this executor's environment.
 * @throws Error that names what is wrong with it here, such as a variable that is not set
 */
export function definitionFromLog(
  name: string,
  entry: unknown,
  source: string,
  config: ConfigSource & Partial<ServerReader>,
): UpstreamDefinition {
  if (!config.readServer) throw new Error('this configuration cannot read servers of the log');
  const read = config.readServer(name, entry, source);
  if ('name' in read) return read;
  throw new Error(read.map(({ path, message }) => `${path}: ${message}`).join('; '));
}
