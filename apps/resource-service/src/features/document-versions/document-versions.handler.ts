import { Injectable } from '@nestjs/common';
import type { RecordedEvent } from '@signalbox/contracts';
import { InjectEventLog, ProblemException } from '@signalbox/nest-kit';
import { EventLog } from '@signalbox/runtime';
import { streamOf, uriOf, type DocumentKey } from '../../documents/document-key.js';
import { notFound } from '../../documents/document-reader.js';

export type VersionEvent = RecordedEvent<'resource.created' | 'resource.updated' | 'resource.deleted'>;

const CHANGES = {
  'resource.created': 'created',
  'resource.updated': 'updated',
  'resource.deleted': 'deleted',
} as const;

export interface VersionSummary {
  readonly version: number;
  readonly change: (typeof CHANGES)[keyof typeof CHANGES];
  /** RFC 3339. */
  readonly time: string;
  /** The service instance that wrote it. */
  readonly actor: string;
  readonly correlationId: string;
}

/** Reads what a document was at each of its versions, from the log. */
@Injectable()
export class DocumentVersionsHandler {
  constructor(@InjectEventLog() private readonly log: EventLog) {}

  /**
   * Versions after `after`, oldest first.
   * @returns also the version to go on after, or null at the newest
   * @throws ProblemException 404 when there never was such a document
   */
  async list(
    key: DocumentKey,
    after: number,
    limit: number,
  ): Promise<{ versions: VersionSummary[]; next: number | null }> {
    const events = await this.#read(key, after + 1, limit + 1);
    if (events.length === 0 && (after === 0 || (await this.#read(key, 1, 1)).length === 0))
      throw notFound(key, undefined);
    const page = events.slice(0, limit);
    return { versions: page.map(summaryOf), next: events.length > limit ? page.at(-1)!.data.version : null };
  }

  /** @throws ProblemException 404 when there is no such version */
  async at(key: DocumentKey, version: number): Promise<VersionSummary & { document?: Record<string, unknown> }> {
    const [event] = await this.#read(key, version, 1);
    if (!event || event.data.version !== version) {
      throw new ProblemException(404, 'Not Found', {
        detail: `${uriOf(key)} has no version ${version}`,
        ...key,
        version,
      });
    }
    return { ...summaryOf(event), ...('document' in event.data ? { document: event.data.document } : {}) };
  }

  async #read(key: DocumentKey, fromVersion: number, limit: number): Promise<VersionEvent[]> {
    return this.log.readStream<VersionEvent['type']>(streamOf(key), { fromVersion, limit });
  }
}

function summaryOf({ type, data, time, actor, correlationId }: VersionEvent): VersionSummary {
  return { version: data.version, change: CHANGES[type], time, actor, correlationId };
}
