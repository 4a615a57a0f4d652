import type { ServiceName } from '@signalbox/contracts';
import type { StartService } from '@signalbox/nest-kit';
import { prepareRelay, startOne, type OpenPorts, type ProcessScope } from '@signalbox/platform';

/**
 * One after the other, those of one row side by side: the executor's own upstreams are the registry and the
 * resource-service; clients come last, when there is something to talk to.
 */
export const START_ORDER: readonly (readonly ServiceName[])[] = [
  ['registry', 'resource-service'],
  ['tool-executor'],
  ['monitor', 'gateway'],
];

/**
 * Starts the services and then the relay, which only then finds every queue that waits for events.
 * Returns early when the process is asked to stop meanwhile.
 * @throws StartError of the first service that does not start; what did start is in `scope.shutdown`
 */
export async function startSuite(
  services: Readonly<Record<ServiceName, StartService>>,
  ports: OpenPorts,
  scope: ProcessScope,
): Promise<void> {
  const { stopping } = scope;
  const startRelay = prepareRelay(ports, scope);
  const instances: string[] = [];
  for (const row of START_ORDER) {
    if (stopping.aborted) return;
    const outcomes = await Promise.allSettled(row.map((service) => startOne(service, services[service], ports, scope)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    for (const outcome of outcomes) if (outcome.status === 'fulfilled') instances.push(outcome.value);
  }
  if (!stopping.aborted) startRelay(instances);
}
