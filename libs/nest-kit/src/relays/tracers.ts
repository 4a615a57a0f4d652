import type { PortSet, Tracer } from '@signalbox/ports';

/** What a relay works with. */
export type RelayPorts = Pick<PortSet, 'events' | 'bus' | 'readModels' | 'leader' | 'telemetry'>;

/**
 * Whose span it is when a process publishes an event: the instance's that appended it when it lives in this process, else that
 * of the first one here, which does the work for it.
 * @param instances of this process, as in `gateway-1`
 */
export function tracersOf({ telemetry }: RelayPorts, instances: readonly string[]): (actor: string) => Tracer {
  const here = new Map(
    instances.map((instance) => [instance, telemetry.tracer(instance.replace(/-\d+$/, ''), instance)]),
  );
  const first = here.values().next().value ?? telemetry.tracer('relay', 'relay');
  return (actor) => here.get(actor) ?? first;
}
