import { Injectable } from '@nestjs/common';
import type { RecordedEvent } from '@signalbox/contracts';
import { InjectClock, InjectEventStore, ProblemException } from '@signalbox/nest-kit';
import type { Clock, EventStore } from '@signalbox/ports';
import type { RegistryConfig } from '../../config.js';
import { InjectRegistryConfig } from '../../registry-config.module.js';
import { parseAsOf } from './as-of.js';

const PAGE = 1_000;

/** Reads from the log what had happened by a moment. */
@Injectable()
export class PastLog {
  #reading = 0;

  constructor(
    @InjectEventStore() private readonly store: EventStore,
    @InjectClock() private readonly clock: Clock,
    @InjectRegistryConfig() private readonly config: RegistryConfig,
  ) {}

  /**
   * Hands out all events of these types up to and including a moment, each stream's in its order.
   * @param types routing keys or patterns
   * @param asOf RFC 3339
   * @throws ProblemException 400 for what is no past time; 422 when there are more than `asOf.maxEvents`; 503 when as many
   * as `asOf.parallel` read already
   */
  async read(types: readonly string[], asOf: string, apply: (event: RecordedEvent) => void): Promise<void> {
    const time = parseAsOf(asOf, this.clock.now());
    const { maxEvents, parallel } = this.config.asOf;
    if (this.#reading >= parallel) {
      const detail = `at most ${parallel} queries of the past at a time`;
      throw new ProblemException(503, 'Service Unavailable', { detail, retryable: true });
    }
    this.#reading++;
    try {
      const events: RecordedEvent[] = [];
      for (const type of types) await this.#collect(type, new Date(time + 1).toISOString(), maxEvents, events);
      // what several writers say of one thing counts in the order of its time
      events.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : inStream(a, b)));
      events.forEach(apply);
    } finally {
      this.#reading--;
    }
  }

  async #collect(type: string, to: string, maxEvents: number, events: RecordedEvent[]): Promise<void> {
    let after: string | undefined;
    do {
      const page = await this.store.find({ type, to, limit: PAGE, ...(after === undefined ? {} : { after }) });
      for (const { event } of page.items) events.push(event);
      if (events.length > maxEvents) {
        const detail = `the log has more than ${maxEvents} events until then (signalbox.registry.asOf.maxEvents)`;
        throw new ProblemException(422, 'Unprocessable Content', { detail });
      }
      after = page.next ?? undefined;
    } while (after !== undefined);
  }
}

/** Events of one commit have one time. */
function inStream(a: RecordedEvent, b: RecordedEvent): number {
  return a.stream === b.stream ? a.streamVersion - b.streamVersion : 0;
}
