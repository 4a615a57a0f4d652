import { Injectable } from '@nestjs/common';
import { InjectEventStore } from '@signalbox/nest-kit';
import type { EventPage, EventStore } from '@signalbox/ports';
import { setImmediate } from 'node:timers/promises';
import type { MonitorConfig } from '../../config.js';
import { InjectMonitorConfig } from '../../monitor-config.module.js';
import { storeQuery, type EventFilter } from './event-query.js';
import { Principals } from './principals.js';

/** Events that are looked at before other work has its turn. */
const SCANNED_PER_TURN = 100;

export interface ReadOptions {
  readonly after?: string | undefined;
  readonly direction: 'forward' | 'backward';
  readonly limit: number;
}

/** Finds events by everything that `/events` can filter by. */
@Injectable()
export class EventReader {
  constructor(
    @InjectEventStore() private readonly events: EventStore,
    @InjectMonitorConfig() private readonly config: MonitorConfig,
    private readonly principals: Principals,
  ) {}

  /**
   * A page with fewer than `limit` events and a cursor in `next` means that the scan for a principal has looked at its
   * share (`events.maxScanned`): go on from there.
   * @throws InvalidCursorError when `after` is no cursor of this log
   */
  async read(filter: EventFilter, { after, direction, limit }: ReadOptions): Promise<EventPage> {
    const query = { ...storeQuery(filter), direction };
    const { principal } = filter;
    if (principal === undefined)
      return this.events.find({ ...query, limit, ...(after === undefined ? {} : { after }) });

    const found: EventPage['items'][number][] = [];
    let next: string | null | undefined = after;
    for (let scanned = 0; scanned < this.config.events.maxScanned;) {
      const page: EventPage = await this.events.find({
        ...query,
        limit: SCANNED_PER_TURN,
        ...(typeof next === 'string' ? { after: next } : {}),
      });
      for (const item of page.items) {
        if ((await this.principals.of(item.event)) === principal) found.push(item);
        if (found.length === limit) return { items: found, next: item.cursor };
      }
      scanned += page.items.length;
      next = page.next;
      if (next === null) break;
      await setImmediate();
    }
    return { items: found, next: next ?? null };
  }

  /** The cursor of the newest event there is, or undefined while the log is empty. */
  async tail(): Promise<string | undefined> {
    return (await this.events.find({ direction: 'backward', limit: 1 })).items[0]?.cursor;
  }
}
