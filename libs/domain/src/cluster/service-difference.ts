import { createEvent, type NewEvent, type ServiceInstance } from '@signalbox/contracts';

type ServiceEvent = NewEvent<'service.registered' | 'service.status_changed' | 'service.deregistered'>;

/**
 * The event that brings what the log has of an instance to what a directory tells of it; undefined when there is nothing to
 * tell. Load, heartbeats and the order of lists make none.
 */
export function serviceDifference(
  logged: ServiceInstance | undefined,
  found: ServiceInstance | undefined,
): ServiceEvent | undefined {
  if (!found) {
    if (!logged) return undefined;
    const { id: instanceId, serviceName } = logged;
    return createEvent('service.deregistered', { instanceId, serviceName, reason: 'no longer in the directory' });
  }
  if (!logged || essence(logged) !== essence(found)) return createEvent('service.registered', { instance: found });
  if (logged.status === found.status) return undefined;
  const { id: instanceId, serviceName } = found;
  const reason = 'the directory says so';
  return createEvent('service.status_changed', {
    instanceId,
    serviceName,
    from: logged.status,
    to: found.status,
    reason,
  });
}

/** What of an instance is worth an event of its own, its status aside. */
function essence(instance: ServiceInstance): string {
  const { id, serviceName, host, port, role, capacity, features, tags, metadata } = instance;
  const { healthCheckUrl, registrationTime } = instance;
  return JSON.stringify([
    ...[id, serviceName, host, port, role, capacity.maxConcurrentRequests, healthCheckUrl, registrationTime],
    features.toSorted(),
    tags.toSorted(),
    Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
}
