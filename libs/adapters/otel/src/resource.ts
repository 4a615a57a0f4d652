import { resourceFromAttributes, type Resource } from '@opentelemetry/resources';

/** Who sends: what names a service, and one of its instances, to the collector. */
export function resourceOf(service: string, instanceId: string, version: string): Resource {
  return resourceFromAttributes({
    'service.name': service,
    'service.namespace': 'signalbox',
    'service.instance.id': instanceId,
    ...(version && { 'service.version': version }),
  });
}
