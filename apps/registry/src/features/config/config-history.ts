import { Injectable } from '@nestjs/common';
import type { ConfigDifference, ConfigTree, RecordedEvent } from '@signalbox/contracts';
import { CONFIG_STREAM, InjectBlobs, InjectEventLog, InjectEventStore } from '@signalbox/nest-kit';
import type { BlobStore, EventStore } from '@signalbox/ports';
import { EventLog, PayloadStore, upcast } from '@signalbox/runtime';

export type ConfigChanged = RecordedEvent<'config.changed'>;

/** The versions of the configuration, as the log has them. */
@Injectable()
export class ConfigHistory {
  /** Documents and lists of changes that are too large for a commit are blobs. */
  readonly payloads: PayloadStore;

  constructor(
    @InjectEventStore() private readonly store: EventStore,
    @InjectEventLog() private readonly log: EventLog,
    @InjectBlobs() blobs: BlobStore,
  ) {
    this.payloads = new PayloadStore(blobs);
  }

  async newest(): Promise<ConfigChanged | undefined> {
    return (await this.list({ limit: 1 }))[0];
  }

  /** Undefined when there is no such version. */
  async version(version: number): Promise<ConfigChanged | undefined> {
    const [event] = await this.log.readStream<'config.changed'>(CONFIG_STREAM, { fromVersion: version, limit: 1 });
    return event;
  }

  /** The newest first. @param before leaves out this version and later ones */
  async list({ limit, before }: { limit: number; before?: number | undefined }): Promise<ConfigChanged[]> {
    if (before !== undefined) {
      const from = Math.max(1, before - limit);
      const events = await this.log.readStream<'config.changed'>(CONFIG_STREAM, { fromVersion: from, limit });
      return events.filter(({ streamVersion }) => streamVersion < before).reverse();
    }
    const { items } = await this.store.find({ stream: CONFIG_STREAM, direction: 'backward', limit });
    return items.map(({ event }) => upcast(event) as ConfigChanged);
  }

  async documentOf({ data }: ConfigChanged): Promise<ConfigTree> {
    return (await this.payloads.load(data.document)) as ConfigTree;
  }

  async changesOf({ data }: ConfigChanged): Promise<readonly ConfigDifference[]> {
    return (await this.payloads.load(data.changes)) as readonly ConfigDifference[];
  }
}
