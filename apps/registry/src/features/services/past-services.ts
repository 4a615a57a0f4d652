import { Injectable } from '@nestjs/common';
import type { RecordedEvent, ServiceInstance } from '@signalbox/contracts';
import type { ServiceQuery } from '@signalbox/ports';
import { PastLog } from '../as-of/past-log.js';
import { InstanceIndex } from './instance-index.js';

/** Service instances as they were, from the log. Load is what was registered: its changes are no events. */
@Injectable()
export class PastServices {
  constructor(private readonly log: PastLog) {}

  /**
   * @param asOf RFC 3339
   * @throws ProblemException as {@link PastLog.read}
   */
  async find(query: ServiceQuery, asOf: string): Promise<ServiceInstance[]> {
    const instances = new Map<string, ServiceInstance>();
    await this.log.read(['service.*'], asOf, (event) => evolveInstances(instances, event));
    const index = new InstanceIndex();
    for (const [name, some] of Map.groupBy(instances.values(), ({ serviceName }) => serviceName))
      index.replace(name, some);
    return index.find(query);
  }
}

function evolveInstances(instances: Map<string, ServiceInstance>, event: RecordedEvent): void {
  switch (event.type) {
    case 'service.registered':
      instances.set(event.data.instance.id, event.data.instance);
      break;
    case 'service.status_changed': {
      const { instanceId, to } = event.data;
      const instance = instances.get(instanceId);
      if (instance) instances.set(instanceId, { ...instance, status: to, lastUpdateTime: Date.parse(event.time) });
      break;
    }
    case 'service.deregistered':
      instances.delete(event.data.instanceId);
      break;
  }
}
