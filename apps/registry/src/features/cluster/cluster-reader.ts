import { Injectable } from '@nestjs/common';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import { ServiceFinder } from '../services/service-finder.js';
import { clusterOf, type Cluster } from './cluster-view.js';
import { Leadership } from './leadership.js';
import { PastCluster } from './past-cluster.js';

/** The cluster as it is, and as it was. */
@Injectable()
export class ClusterReader {
  constructor(
    @InjectContext() private readonly context: ServiceContext,
    private readonly services: ServiceFinder,
    private readonly past: PastCluster,
    private readonly leadership: Leadership,
  ) {}

  /**
   * @param asOf RFC 3339; now when undefined
   * @throws ProblemException as {@link PastCluster.read}
   */
  async read(asOf?: string): Promise<Cluster> {
    if (asOf !== undefined) {
      const { leader, instances } = await this.past.read(asOf);
      return clusterOf(this.#leader(leader), instances);
    }
    const leader = (await this.leadership.leader()) ?? null;
    return clusterOf(this.#leader(leader), await this.services.find({}));
  }

  #leader(instanceId: string | null): Cluster['leader'] {
    return { instanceId, isHere: instanceId === this.context.instanceId };
  }
}
