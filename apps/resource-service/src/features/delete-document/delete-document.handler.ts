import { Injectable } from '@nestjs/common';
import { problemOfRefusal, versionToMatch } from '../../documents/conditional-write.js';
import type { DocumentKey } from '../../documents/document-key.js';
import { DocumentReader, notFound } from '../../documents/document-reader.js';
import type { DocumentState } from '../../documents/document-state.js';
import { DocumentWriter } from '../../documents/document-writer.js';
import type { Precondition } from '../../documents/precondition.js';
import type { RequestMetadata } from '../../request-metadata.js';

@Injectable()
export class DeleteDocumentHandler {
  constructor(
    private readonly reader: DocumentReader,
    private readonly writer: DocumentWriter,
  ) {}

  /**
   * @returns the deletion, which is a version of its own
   * @throws ProblemException 404 when there is no such document, 412 with the current version when `ifMatch` does not hold
   */
  async delete(key: DocumentKey, ifMatch: Precondition | undefined, metadata: RequestMetadata): Promise<DocumentState> {
    const before = await this.reader.state(key);
    const version = ifMatch === undefined ? undefined : versionToMatch(ifMatch, key, before);
    if (!before || before.deleted) throw notFound(key, before);
    // with * any later version will do as well
    const expecting = version === undefined || ifMatch === '*' ? {} : { expectedVersion: version };
    try {
      const { state } = await this.writer.write({ kind: 'delete', ...key, ...expecting }, metadata, before);
      return state;
    } catch (error) {
      throw problemOfRefusal(error, key);
    }
  }
}
