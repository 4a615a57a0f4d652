import { Injectable } from '@nestjs/common';
import { newId } from '@signalbox/contracts';
import type { ResourceServiceConfig } from '../../config.js';
import { problemOfRefusal } from '../../documents/conditional-write.js';
import { assertStorable, ownIdOf, type DocumentBody } from '../../documents/document-body.js';
import type { DocumentState } from '../../documents/document-state.js';
import { DocumentWriter } from '../../documents/document-writer.js';
import type { RequestMetadata } from '../../request-metadata.js';
import { InjectResourceServiceConfig } from '../../resource-config.module.js';

@Injectable()
export class CreateDocumentHandler {
  constructor(
    private readonly writer: DocumentWriter,
    @InjectResourceServiceConfig() private readonly config: ResourceServiceConfig,
  ) {}

  /**
   * Makes a document under the id that it brings with it, or under a new ULID.
   * @throws ProblemException 400 or 413 for a document that cannot be stored, 409 when the id is taken
   */
  async create(collection: string, document: DocumentBody, metadata: RequestMetadata): Promise<DocumentState> {
    assertStorable(document, this.config.documents);
    const key = { collection, id: ownIdOf(document) ?? newId() };
    try {
      const { state } = await this.writer.write({ kind: 'create', ...key, document }, metadata);
      return state;
    } catch (error) {
      throw problemOfRefusal(error, key);
    }
  }
}
