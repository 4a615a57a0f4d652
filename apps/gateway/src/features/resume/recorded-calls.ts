import { Injectable } from '@nestjs/common';
import type { RecordedEvent } from '@signalbox/contracts';
import { evolveAnswer, NO_ANSWER, type CallAnswer, type CallOutcomeEvent } from '@signalbox/domain/call';
import type { RpcOutcome } from '@signalbox/mcp';
import { InjectBlobs, InjectEventStore } from '@signalbox/nest-kit';
import type { BlobStore, EventStore } from '@signalbox/ports';
import { PayloadStore, recordedReply, upcast } from '@signalbox/runtime';
import { errorWithCallId, withData } from '../../errors.js';
import { withCallId } from '../call-tool/call-id.js';

const PAGE = 200;

/** How far a call has been read. */
export interface CallReading {
  readonly answer: CallAnswer;
  /** What is new in it, oldest first within each partition. */
  readonly events: readonly RecordedEvent[];
  readonly cursor: string | undefined;
}

export const UNREAD: CallReading = { answer: NO_ANSWER, events: [], cursor: undefined };

/** Reads single calls from the log. */
@Injectable()
export class RecordedCalls {
  readonly #payloads: PayloadStore;

  constructor(
    @InjectEventStore() private readonly store: EventStore,
    @InjectBlobs() blobs: BlobStore,
  ) {
    this.#payloads = new PayloadStore(blobs);
  }

  /**
   * Reads what the log has of a call behind an earlier reading.
   * @throws StoreUnavailableError
   */
  async read(callId: string, { answer: before, cursor: from }: CallReading = UNREAD): Promise<CallReading> {
    const events: RecordedEvent[] = [];
    let [answer, cursor] = [before, from];
    for (;;) {
      const page = await this.store.find({
        correlationId: callId,
        type: 'tool.call.*',
        limit: PAGE,
        ...(cursor === undefined ? {} : { after: cursor }),
      });
      for (const item of page.items) {
        const event = upcast(item.event);
        cursor = item.cursor;
        events.push(event);
        answer = evolveAnswer(answer, event);
      }
      if (page.next === null) return { answer, events, cursor };
    }
  }

  /** The answer that an outcome stands for; marked as replayed, and without what was redacted before it was written. */
  async answerOf(outcome: CallOutcomeEvent): Promise<RpcOutcome> {
    const { callId } = outcome.data;
    const reply = await recordedReply(outcome, this.#payloads);
    if (reply.ok) return { result: withCallId(reply.result, callId) };
    return {
      error: errorWithCallId(reply.retryable ? withData(reply.error, { retryable: true }) : reply.error, callId),
    };
  }
}
