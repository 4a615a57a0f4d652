import { Injectable } from '@nestjs/common';
import type { ServiceInstance } from '@signalbox/contracts';
import { InjectDirectory } from '@signalbox/nest-kit';
import type { ServiceDirectory, ServiceQuery } from '@signalbox/ports';
import { LoadBoard, type ShownLoad } from '../load/load-board.js';
import { PastServices } from './past-services.js';
import { ServiceCensus } from './service-census.js';

export type LoadedInstance = ServiceInstance & { readonly load?: ShownLoad };

/** Service instances, with their load as it is now, or as they were. */
@Injectable()
export class ServiceFinder {
  constructor(
    @InjectDirectory() private readonly directory: ServiceDirectory,
    private readonly census: ServiceCensus,
    private readonly past: PastServices,
    private readonly board: LoadBoard,
  ) {}

  /**
   * @param asOf RFC 3339; now when undefined
   * @returns ordered by service name, then id
   * @throws ProblemException as {@link PastServices.find}
   */
  async find(query: ServiceQuery, asOf?: string): Promise<LoadedInstance[]> {
    if (asOf !== undefined) return this.past.find(query, asOf);
    return this.#loaded(await this.census.find(query));
  }

  /** All of one service, whatever their status, as the directory says now; see {@link find}. */
  async instancesOf(serviceName: string, asOf?: string): Promise<LoadedInstance[]> {
    if (asOf !== undefined) return this.past.find({ serviceName }, asOf);
    return this.#loaded(await this.directory.getInstances(serviceName));
  }

  #loaded(instances: readonly ServiceInstance[]): LoadedInstance[] {
    return instances.map((instance) => this.board.withLoad(instance));
  }
}
