import { serviceInstanceSchema, type RecordedEvent, type ServiceInstance } from '@signalbox/contracts';
import type { EventStore } from '@signalbox/ports';

export interface RestoredInstance {
  /** Undefined when it was deregistered. */
  instance: ServiceInstance | undefined;
  version: number;
}

const PAGE = 1_000;

/** Reads from the log which instances there were when it ended. */
export async function restoreInstances(
  store: EventStore,
  onError: (error: unknown, where: string) => void,
): Promise<Map<string, RestoredInstance>> {
  const instances = new Map<string, RestoredInstance>();
  let after: string | undefined;
  for (;;) {
    const { items } = await store.find({ type: 'service.*', limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { event } of items) apply(instances, event, onError);
    if (items.length < PAGE) return instances;
    after = items.at(-1)!.cursor;
  }
}

function apply(
  instances: Map<string, RestoredInstance>,
  event: RecordedEvent,
  onError: (error: unknown, where: string) => void,
): void {
  const version = event.streamVersion;
  switch (event.type) {
    case 'service.registered': {
      const parsed = serviceInstanceSchema.safeParse(event.data.instance);
      if (parsed.success) instances.set(parsed.data.id, { instance: parsed.data, version });
      else onError(parsed.error, `event ${event.id} of ${event.stream}`);
      break;
    }
    case 'service.status_changed': {
      const { instanceId, to } = event.data;
      const instance = instances.get(instanceId)?.instance;
      if (instance) instances.set(instanceId, { instance: { ...instance, status: to }, version });
      break;
    }
    case 'service.deregistered':
      instances.delete(event.data.instanceId);
      break;
  }
}
