import { Injectable } from '@nestjs/common';
import type { LoadBand, ServiceInstance } from '@signalbox/contracts';
import { PastLog } from '../as-of/past-log.js';
import { PastServices } from '../services/past-services.js';

export interface ClusterThen {
  readonly leader: string | null;
  readonly instances: readonly (ServiceInstance & { readonly loadBand?: LoadBand })[];
}

/** The cluster as it was, from the log. */
@Injectable()
export class PastCluster {
  constructor(
    private readonly services: PastServices,
    private readonly log: PastLog,
  ) {}

  /**
   * @param asOf RFC 3339
   * @throws ProblemException as {@link PastLog.read}
   */
  async read(asOf: string): Promise<ClusterThen> {
    const found = await this.services.find({}, asOf);
    let leader: string | null = null;
    const bands = new Map<string, LoadBand>();
    await this.log.read(['cluster.leader_elected', 'instance.load_changed'], asOf, ({ type, data }) => {
      if (type === 'cluster.leader_elected') leader = data.instanceId;
      else if (type === 'instance.load_changed') bands.set(data.instanceId, data.to);
    });
    const instances = found.map((instance) => {
      const loadBand = bands.get(instance.id);
      return loadBand ? { ...instance, loadBand } : instance;
    });
    return { leader, instances };
  }
}
