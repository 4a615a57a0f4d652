import { Injectable } from '@nestjs/common';
import { isBlobRef, type RecordedEvent } from '@signalbox/contracts';
import { InjectBlobs, InjectEventStore } from '@signalbox/nest-kit';
import type { BlobStore, EventPage, EventStore } from '@signalbox/ports';
import type { MonitorConfig } from '../../config.js';
import { InjectMonitorConfig } from '../../monitor-config.module.js';
import { tellCall, type CallStory } from './call-story.js';

const LAST_EVENTS = 20;

/** Reads calls from the log itself, so that what has just been appended is in. */
@Injectable()
export class Stories {
  constructor(
    @InjectEventStore() private readonly log: EventStore,
    @InjectBlobs() private readonly blobs: BlobStore,
    @InjectMonitorConfig() private readonly config: MonitorConfig,
  ) {}

  /** Undefined when the log has no such call. `truncated` says that it has more events than `story.maxEvents`. */
  async tell(callId: string): Promise<(CallStory & { readonly truncated?: true }) | undefined> {
    const { events, truncated } = await this.#eventsOf(callId);
    const story = tellCall(callId, events);
    if (!story) return undefined;
    return {
      ...story,
      ...('arguments' in story ? { arguments: await this.#resolve(story.arguments) } : {}),
      ...('result' in story ? { result: await this.#resolve(story.result) } : {}),
      ...(truncated ? { truncated } : {}),
    };
  }

  blob(sha256: string): Promise<Uint8Array | undefined> {
    return this.blobs.get(sha256);
  }

  /** From the first on; of a call with too many events also the last ones, for its outcome. */
  async #eventsOf(correlationId: string): Promise<{ events: RecordedEvent[]; truncated: boolean }> {
    const { maxEvents } = this.config.story;
    const events: RecordedEvent[] = [];
    let after: string | null = null;
    do {
      const limit = Math.min(1000, maxEvents - events.length);
      const page: EventPage = await this.log.find({ correlationId, limit, ...(after === null ? {} : { after }) });
      events.push(...page.items.map(({ event }) => event));
      after = page.next;
    } while (after !== null && events.length < maxEvents);
    if (after === null) return { events, truncated: false };
    const end = await this.log.find({ correlationId, direction: 'backward', limit: LAST_EVENTS });
    const known = new Set(events.map(({ id }) => id));
    const last = end.items.map(({ event }) => event).filter(({ id }) => !known.has(id));
    return { events: [...events, ...last.toReversed()], truncated: true };
  }

  async #resolve(payload: unknown): Promise<unknown> {
    if (!isBlobRef(payload)) return payload;
    const { sha256, bytes } = payload.$blob;
    const link = { ...payload, href: `/blobs/${sha256}` };
    if (bytes > this.config.story.inlineBlobBytes) return link;
    const found = await this.blobs.get(sha256).catch(() => undefined);
    return found === undefined
      ? { ...link, missing: true }
      : (JSON.parse(Buffer.from(found).toString('utf8')) as unknown);
  }
}
