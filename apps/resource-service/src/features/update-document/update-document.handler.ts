import { Injectable } from '@nestjs/common';
import type { ResourceCommand } from '@signalbox/domain/resource';
import { ProblemException } from '@signalbox/nest-kit';
import type { ResourceServiceConfig } from '../../config.js';
import { problemOfRefusal, versionToMatch } from '../../documents/conditional-write.js';
import { assertStorable, ownIdOf, type DocumentBody } from '../../documents/document-body.js';
import type { DocumentKey } from '../../documents/document-key.js';
import { DocumentReader } from '../../documents/document-reader.js';
import type { DocumentState } from '../../documents/document-state.js';
import { DocumentWriter, type Written } from '../../documents/document-writer.js';
import type { Precondition } from '../../documents/precondition.js';
import type { RequestMetadata } from '../../request-metadata.js';
import { InjectResourceServiceConfig } from '../../resource-config.module.js';

export interface WriteConditions {
  readonly ifMatch?: Precondition | undefined;
  readonly ifNoneMatch?: Precondition | undefined;
}

@Injectable()
export class UpdateDocumentHandler {
  constructor(
    private readonly reader: DocumentReader,
    private readonly writer: DocumentWriter,
    @InjectResourceServiceConfig() private readonly config: ResourceServiceConfig,
  ) {}

  /**
   * Replaces a document, or makes it where the conditions allow that. Without conditions the last writer wins.
   * @throws ProblemException 412 with the current version when a condition does not hold
   */
  async put(
    key: DocumentKey,
    document: DocumentBody,
    conditions: WriteConditions,
    metadata: RequestMetadata,
  ): Promise<Written> {
    assertStorable(document, this.config.documents);
    assertSameId(key, document);
    const before = await this.reader.state(key);
    const command = commandFor(key, document, conditions, before);
    try {
      return await this.writer.write(command, metadata, before);
    } catch (error) {
      throw problemOfRefusal(error, key);
    }
  }
}

function commandFor(
  key: DocumentKey,
  document: DocumentBody,
  { ifMatch, ifNoneMatch }: WriteConditions,
  before: DocumentState | undefined,
): ResourceCommand {
  const put = { kind: 'put', ...key, document } as const;
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw new ProblemException(400, 'Bad Request', {
      detail: 'If-None-Match: only * is allowed for PUT; use If-Match',
    });
  }
  if (ifMatch !== undefined) {
    const expectedVersion = versionToMatch(ifMatch, key, before);
    // with * any later version will do as well, as long as there is one
    return ifMatch === '*' ? { ...put, kind: 'update' } : { ...put, expectedVersion };
  }
  return ifNoneMatch === '*' ? { ...put, expectedVersion: 0 } : put;
}

function assertSameId(key: DocumentKey, document: DocumentBody): void {
  const own = ownIdOf(document);
  if (own === undefined || own === key.id) return;
  const message = `is ${own} in the body and ${key.id} in the path; leave it out or make them equal`;
  throw new ProblemException(400, 'Bad Request', { detail: `id ${message}`, errors: [{ path: 'id', message }] });
}
