import { createPorts, type OpenPorts } from '../ports/create-ports.js';
import type { ProcessScope } from './run-process.js';

/** Opens the ports of a process, says what it waits for meanwhile, and hands their end to the process. */
export async function openPorts({ config, logger, shutdown, stopping }: ProcessScope): Promise<OpenPorts> {
  const { profile, servers } = config.settings;
  if (profile === 'distributed' && servers.OTEL_EXPORTER_OTLP_ENDPOINT === undefined) {
    logger.info('OTEL_EXPORTER_OTLP_ENDPOINT is not set: calls have trace ids, and no spans are sent');
  }
  const ports = await createPorts(config, {
    onError: (error, where) => logger.warn({ err: error }, where),
    onWaiting: (what, error) => logger.warn(`waiting for ${what}: ${error.message}`),
    signal: stopping,
  });
  shutdown.addFoundation('ports', () => ports.close());
  return ports;
}
