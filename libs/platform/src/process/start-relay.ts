import { startLogRelay } from '@signalbox/nest-kit';
import type { OpenPorts } from '../ports/create-ports.js';
import type { ProcessScope } from './run-process.js';

/**
 * Prepares the relay of a process, so that it ends after the services that are started later: what they append while they
 * stop is published too.
 * @returns what starts it, given the names of the instances, when every queue that waits for events is there
 */
export function prepareRelay(
  ports: OpenPorts,
  { logger, shutdown }: ProcessScope,
): (instances: readonly string[]) => void {
  let relay: { stop(): Promise<void> } | undefined;
  shutdown.add('relay', async () => relay?.stop());
  return (instances) => {
    const { leases } = ports;
    relay = startLogRelay(ports, {
      instances,
      liveInstances:
        leases && (async () => (await leases.holders()).filter(({ live }) => live).map(({ name }) => name)),
      onError: (error) => logger.warn({ err: error }, 'relay: an event could not be published, trying again'),
    });
  };
}
