import { Injectable } from '@nestjs/common';
import { InjectReadModels } from '@signalbox/nest-kit';
import type { Document, ReadModels } from '@signalbox/ports';
import type { ResourceServiceConfig } from '../../config.js';
import { envelopeOf, type DocumentEnvelope } from '../../documents/document-envelope.js';
import type { DocumentState } from '../../documents/document-state.js';
import { COLLECTIONS, DOCUMENTS } from '../../documents/documents.projection.js';
import { InjectResourceServiceConfig } from '../../resource-config.module.js';
import { parseListQuery, type ListParameters } from './list-query.js';

const MAX_COLLECTIONS = 1_000;

export interface DocumentPage {
  readonly data: DocumentEnvelope[];
  /** Documents that the filter finds, on all pages. */
  readonly total: number;
  readonly page: number;
  readonly pageSize: number;
  readonly pages: number;
}

export interface CollectionSummary {
  readonly collection: string;
  readonly documents: number;
}

/** Lists documents from the projection: as new as the last write of this instance, and soon as new as the log. */
@Injectable()
export class ListDocumentsHandler {
  constructor(
    @InjectReadModels() private readonly readModels: ReadModels,
    @InjectResourceServiceConfig() private readonly config: ResourceServiceConfig,
  ) {}

  /** @throws ProblemException 400 that names the parameter or operator that is wrong */
  async list(collection: string, parameters: ListParameters): Promise<DocumentPage> {
    const { filter, sort, page, pageSize, skip } = parseListQuery(parameters, this.config.lists);
    const found = { $and: [{ collection, deleted: false }, filter] };
    const [documents, total] = await Promise.all([
      this.readModels.find<Document & DocumentState>(DOCUMENTS, { filter: found, sort, skip, limit: pageSize }),
      this.readModels.count(DOCUMENTS, found),
    ]);
    return { data: documents.map(envelopeOf), total, page, pageSize, pages: Math.ceil(total / pageSize) };
  }

  /** The collections that have documents now, by name. */
  async collections(): Promise<CollectionSummary[]> {
    const names = await this.readModels.find<Document>(COLLECTIONS, { sort: { _id: 1 }, limit: MAX_COLLECTIONS });
    const counts = await Promise.all(
      names.map(async ({ _id }) => ({
        collection: _id,
        documents: await this.readModels.count(DOCUMENTS, { collection: _id, deleted: false }),
      })),
    );
    return counts.filter(({ documents }) => documents > 0);
  }
}
