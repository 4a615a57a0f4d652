import { Injectable } from '@nestjs/common';
import { InjectEventLog, InjectReadModels, ProblemException } from '@signalbox/nest-kit';
import type { Document, ReadModels } from '@signalbox/ports';
import { EventLog } from '@signalbox/runtime';
import { nameOf, streamOf, uriOf, type DocumentKey } from './document-key.js';
import { evolveDocument, type DocumentState } from './document-state.js';
import { DOCUMENTS } from './documents.projection.js';

/** Reads single documents: the projected one with the events behind it, so that every answer is as new as the log. */
@Injectable()
export class DocumentReader {
  constructor(
    @InjectReadModels() private readonly readModels: ReadModels,
    @InjectEventLog() private readonly log: EventLog,
  ) {}

  /** Undefined when there never was such a document. */
  async state(key: DocumentKey): Promise<DocumentState | undefined> {
    const projected = await this.readModels.get<Document & DocumentState>(DOCUMENTS, nameOf(key));
    const behind = await this.log.readStream(streamOf(key), { fromVersion: (projected?.version ?? 0) + 1 });
    return behind.reduce<DocumentState | undefined>(evolveDocument, projected);
  }

  /** @throws ProblemException 404 when there is none, or none any more */
  async present(key: DocumentKey): Promise<DocumentState> {
    const state = await this.state(key);
    if (state && !state.deleted) return state;
    throw notFound(key, state);
  }
}

/** @param state of a deleted document, whose versions can still be read */
export function notFound(key: DocumentKey, state: DocumentState | undefined): ProblemException {
  const { collection, id } = key;
  const deleted = state?.deleted
    ? `; it was deleted at version ${state.version}, its versions are at /resources/${collection}/${id}/versions`
    : '';
  return new ProblemException(404, 'Not Found', {
    detail: `there is no document ${uriOf(key)}${deleted}`,
    collection,
    id,
  });
}
