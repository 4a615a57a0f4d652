import { Injectable } from '@nestjs/common';
import { pinnedStream, type RecordedEvent } from '@signalbox/contracts';
import { isCallOutcome, type CallOutcomeEvent } from '@signalbox/domain/call';
import { InjectEventLog, InjectEventStore } from '@signalbox/nest-kit';
import type { EventStore } from '@signalbox/ports';
import { upcast, type EventLog } from '@signalbox/runtime';
import type { Holder } from './holder-liveness.js';

export type OutcomeEvent = CallOutcomeEvent;
export const isOutcome = isCallOutcome;

/** What the log has of one attempt that somebody claimed. */
export interface AttemptRecord {
  readonly callId: string;
  readonly attempt: number;
  readonly holder: Holder;
  /** Where the holder writes, or would have written. */
  readonly stream: string;
  readonly version: number;
  /** Undefined when nothing was sent upstream. */
  readonly started: RecordedEvent<'tool.call.started'> | undefined;
  readonly outcome: OutcomeEvent | undefined;
}

@Injectable()
export class AttemptRecords {
  constructor(
    @InjectEventStore() private readonly store: EventStore,
    @InjectEventLog() private readonly log: EventLog,
  ) {}

  /** @returns undefined when nobody has claimed the attempt */
  async read(callId: string, attempt: number): Promise<AttemptRecord | undefined> {
    const holder = await this.#holder(callId, attempt);
    if (!holder) return undefined;
    const stream = holder.actor.startsWith('gateway-')
      ? pinnedStream('call', holder.actor, callId)
      : pinnedStream('attempt', holder.actor, `${callId}.${attempt}`);
    const events: readonly RecordedEvent[] = await this.log.readStream(stream);
    const own = events.filter(({ data }) => (data as { attempt?: number }).attempt === attempt);
    const started = own.find((event) => event.type === 'tool.call.started');
    const version = events.at(-1)?.streamVersion ?? 0;
    return { callId, attempt, holder, stream, version, started, outcome: own.find(isOutcome) };
  }

  async requested(callId: string): Promise<RecordedEvent<'tool.call.requested'> | undefined> {
    const { items } = await this.store.find({ type: 'tool.call.requested', correlationId: callId, limit: 1 });
    return items[0] && (upcast(items[0].event) as RecordedEvent<'tool.call.requested'>);
  }

  /** A store may have given a claim back that an attempt had which was closed before it could start: its events remain. */
  async #holder(callId: string, attempt: number): Promise<Holder | undefined> {
    const held = await this.store.claimHolder(`attempt:${callId}:${attempt}`);
    if (held) return held;
    const { items } = await this.store.find({ correlationId: callId, limit: 1000 });
    const found = items.find(
      ({ event }) =>
        event.stream.endsWith(`-${callId}.${attempt}`) && (event.data as { attempt?: number }).attempt === attempt,
    );
    if (!found) return undefined;
    const { stream } = found.event;
    return { actor: stream.slice('attempt-'.length, -`-${callId}.${attempt}`.length), commitId: '' };
  }
}
