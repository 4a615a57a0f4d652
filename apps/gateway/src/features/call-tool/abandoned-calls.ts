import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { createEvent, type RecordedEvent } from '@signalbox/contracts';
import { InjectClock, InjectContext, InjectEventLog, InjectEventStore, type ServiceContext } from '@signalbox/nest-kit';
import { ClaimConflictError, type Clock, type EventStore } from '@signalbox/ports';
import { EventLog, upcast } from '@signalbox/runtime';
import { GatewayCode } from '../../errors.js';

/** Newest requests of an earlier run that are looked at: far more than can be on their way at a time. */
const MAX_LOOKED_AT = 2_000;
const PAGE = 200;

type Requested = RecordedEvent<'tool.call.requested'>;

/**
 * Ends calls that an earlier run of this instance requested and nobody ever ran, as after kill -9: the client is gone, and
 * without an outcome they would look as if they were still running. What an executor has claimed is left to executors.
 */
@Injectable()
export class AbandonedCalls implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  #head = 0;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(
    @InjectEventStore() private readonly store: EventStore,
    @InjectEventLog() private readonly log: EventLog,
    @InjectClock() private readonly clock: Clock,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  /** Before anything new is requested. */
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
    let after: string | undefined;
    for (let seen = 0; seen < MAX_LOOKED_AT && !this.#stopped; seen += PAGE) {
      const { items, next } = await this.store.find({
        type: 'tool.call.requested',
        partition: this.context.instanceId,
        direction: 'backward',
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      });
      for (const { event } of items) {
        if (this.#stopped) return;
        if (event.position <= this.#head) await this.#end(upcast(event) as Requested);
      }
      if (next === null) return;
      after = next;
    }
  }

  async #end({ stream, time, traceparent, data: { callId, server } }: Requested): Promise<void> {
    const claim = `attempt:${callId}:1`;
    if (await this.store.claimHolder(claim)) return;
    const failed = createEvent('tool.call.failed', {
      callId,
      attempt: 1,
      error: {
        code: GatewayCode.ServerUnavailable,
        message: `The gateway was restarted before server "${server}" had the call`,
        data: { retryable: true },
      },
      retryable: true,
      durationMs: Math.max(0, this.clock.now() - Date.parse(time)),
    });
    try {
      await this.log.append({
        stream,
        expectedVersion: 'any',
        events: [failed],
        commitId: `${callId}.1.outcome`,
        claims: [claim],
        metadata: { correlationId: callId, causationId: `${callId}.requested`, traceparent },
      });
    } catch (error) {
      if (!(error instanceof ClaimConflictError)) throw error;
    }
  }
}
