import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import type { RecordedEvent } from '@signalbox/contracts';
import { InjectContext, InjectEventStore, type ServiceContext } from '@signalbox/nest-kit';
import type { EventStore } from '@signalbox/ports';
import { AttemptRecords, isOutcome } from './attempt-records.js';
import { LostAttempts } from './lost-attempts.js';

/** Newest events that are looked at: far more than belong to calls that can be in hand at a time. */
const MAX_LOOKED_AT = 10_000;
const PAGE = 500;

/**
 * Ends attempts that an earlier run of this instance started and did not end, as after kill -9. It does not run them again:
 * whoever still waits for one has its command redelivered.
 */
@Injectable()
export class EarlierRuns implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  #head = 0;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(
    @InjectEventStore() private readonly store: EventStore,
    @InjectContext() private readonly context: ServiceContext,
    private readonly records: AttemptRecords,
    private readonly lost: LostAttempts,
  ) {}

  /** Before anything new is started. */
  async onModuleInit(): Promise<void> {
    const partitions = await this.store.partitions();
    this.#head = partitions.find(({ partition }) => partition === this.context.instanceId)?.position ?? 0;
  }

  onApplicationBootstrap(): void {
    if (this.#head === 0) return;
    this.#running = this.#endAll().catch((error: unknown) => {
      this.context.logger?.warn({ err: error }, 'calls of an earlier run could not be ended');
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #endAll(): Promise<void> {
    const ended = new Set<string>();
    let after: string | undefined;
    for (let seen = 0; seen < MAX_LOOKED_AT && !this.#stopped; seen += PAGE) {
      const page = await this.store.find({
        type: 'tool.call.*',
        partition: this.context.instanceId,
        direction: 'backward',
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      });
      for (const { event } of page.items) {
        // the newest come first: an outcome is met before the start that it ends
        if (isOutcome(event)) ended.add(event.stream);
        else if (event.type === 'tool.call.started' && event.position <= this.#head && !ended.has(event.stream)) {
          if (this.#stopped) return;
          await this.#end(event);
        }
      }
      if (page.next === null) return;
      after = page.next;
    }
  }

  async #end({ data: { callId, attempt } }: RecordedEvent<'tool.call.started'>): Promise<void> {
    const [record, requested] = await Promise.all([this.records.read(callId, attempt), this.records.requested(callId)]);
    if (!record || record.outcome) return;
    await this.lost.close(
      record,
      {
        // a request that is not in the log says nothing of its class
        safetyClass: requested?.data.safetyClass ?? 'unsafe',
        deadline: requested ? Date.parse(requested.data.deadline) : 0,
        requestedAt: Date.parse(requested?.time ?? record.started!.time),
      },
      false,
    );
  }
}
