import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectContext, InjectReadModels, ProjectionHost, type ServiceContext } from '@signalbox/nest-kit';
import type { Filter, ReadModels } from '@signalbox/ports';
import { setImmediate } from 'node:timers/promises';
import type { MonitorConfig } from '../../config.js';
import { InjectMonitorConfig } from '../../monitor-config.module.js';
import { callFilter, idBounds, type CallListQuery } from './call-query.js';
import type { CallSummary } from './call-summary.js';
import { CALLS, callsProjection } from './calls-projection.js';

/** Calls that are filtered before other work has its turn. */
const WINDOW = 2_000;
const NEWEST_FIRST = { _id: -1 } as const;

export type ListedCall = Omit<CallSummary, '_id'> & { readonly id: string };

export interface CallPage {
  readonly calls: readonly ListedCall[];
  /** Where to go on, or null at the end. */
  readonly next: string | null;
}

/** The calls as the projection has them: a little behind the log. */
@Injectable()
export class Calls implements OnApplicationBootstrap {
  constructor(
    @InjectReadModels() private readonly readModels: ReadModels,
    @InjectMonitorConfig() private readonly config: MonitorConfig,
    private readonly projections: ProjectionHost,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  onApplicationBootstrap(): void {
    const { batch, coalesceMs } = this.config.calls;
    const onError = (error: Error) => this.context.logger?.warn({ err: error }, 'projecting calls');
    this.projections.run(callsProjection, { batch, coalesceMs, onError });
  }

  /**
   * Newest first. The order of ids is the only index, so that writing a call costs little; a search goes along it in
   * windows, and answers with what it has and a cursor when it has looked at `calls.maxScanned`.
   */
  async list(query: CallListQuery): Promise<CallPage> {
    const { limit } = query;
    const filter = callFilter(query);
    const { least, below: start } = idBounds(query);
    const found: CallSummary[] = [];
    let below = start;
    for (let scanned = 0; scanned < this.config.calls.maxScanned; scanned += WINDOW) {
      // without a condition the first page is full, or the end
      const end = Object.keys(filter).length === 0 ? undefined : await this.#windowEnd(least, below);
      const window = { ...filter, ...ids(end ?? least, below) };
      const wanted = limit + 1 - found.length;
      found.push(
        ...(await this.readModels.find<CallSummary>(CALLS, { filter: window, sort: NEWEST_FIRST, limit: wanted })),
      );
      if (found.length > limit) return { calls: found.slice(0, limit).map(listed), next: found[limit - 1]!._id };
      if (end === undefined) return { calls: found.map(listed), next: null };
      below = end;
      await setImmediate();
    }
    return { calls: found.map(listed), next: below ?? null };
  }

  /** The id that is {@link WINDOW} calls further back, or undefined when there are not so many. */
  async #windowEnd(least: string, below: string | undefined): Promise<string | undefined> {
    const query = { filter: ids(least, below), sort: NEWEST_FIRST, skip: WINDOW - 1, limit: 1 };
    return (await this.readModels.find<CallSummary>(CALLS, query))[0]?._id;
  }
}

const ids = (least: string, below: string | undefined): Filter => ({
  _id: { $gte: least, ...(below === undefined ? {} : { $lt: below }) },
});

function listed({ _id, ...call }: CallSummary): ListedCall {
  return { id: _id, ...call } as ListedCall;
}
