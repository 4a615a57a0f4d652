import { Injectable } from '@nestjs/common';
import { InjectContext, InjectReadModels, type ServiceContext } from '@signalbox/nest-kit';
import { InvalidCursorError, type Document, type Filter, type ReadModels } from '@signalbox/ports';
import type { ResourceServiceConfig } from '../../config.js';
import { keyOfUri, uriOf } from '../../documents/document-key.js';
import { DocumentReader } from '../../documents/document-reader.js';
import type { DocumentState } from '../../documents/document-state.js';
import { COLLECTIONS, DOCUMENTS } from '../../documents/documents.projection.js';
import type { Completion, ResourcePage, ResourceProvider } from '@signalbox/mcp-endpoint';
import { InjectResourceServiceConfig } from '../../resource-config.module.js';

const MIME_TYPE = 'application/json';
const MAX_COMPLETIONS = 100;
const MAX_TITLE_LENGTH = 100;

type Stored = Document & DocumentState;

/** The documents as MCP resources: `resource://{collection}/{id}`. */
@Injectable()
export class DocumentResources implements ResourceProvider {
  readonly info;
  readonly instructions =
    'Versioned JSON documents. Read them as resource://{collection}/{id}, also those that the list has no room for; subscribe to hear of new versions.';
  readonly templates = [
    {
      name: 'document',
      title: 'Document',
      uriTemplate: 'resource://{collection}/{id}',
      description: 'The newest version of a document of a collection',
      mimeType: MIME_TYPE,
    },
  ];

  constructor(
    @InjectReadModels() private readonly readModels: ReadModels,
    private readonly reader: DocumentReader,
    @InjectResourceServiceConfig() private readonly config: ResourceServiceConfig,
    @InjectContext() context: ServiceContext,
  ) {
    this.info = { name: 'signalbox-resources', title: 'Signalbox resources', version: context.version };
  }

  /**
   * The first documents in the order of their names, `mcpResources.maxListed` at most: who reads the list reads all of it, and
   * the executor keeps each state of it in the log. The template and its completions reach all documents.
   */
  async list(cursor: string | undefined): Promise<ResourcePage> {
    const { pageSize, maxListed } = this.config.mcpResources;
    const { listed, after } = cursor === undefined ? { listed: 0, after: '' } : decodeCursor(cursor);
    const room = Math.min(pageSize, maxListed - listed);
    if (room <= 0) return { resources: [] };
    const documents = await this.readModels.find<Stored>(DOCUMENTS, {
      filter: { deleted: false, _id: { $gt: after } },
      sort: { _id: 1 },
      limit: room + 1,
    });
    const page = documents.slice(0, room);
    const total = listed + page.length;
    const more = documents.length > room && total < maxListed;
    return { resources: page.map(resourceOf), ...(more && { nextCursor: encodeCursor(total, page.at(-1)!._id) }) };
  }

  async read(uri: string) {
    const key = keyOfUri(uri);
    const state = key && (await this.reader.state(key));
    if (!state || state.deleted) return undefined;
    const { version, createdAt, updatedAt, document } = state;
    return {
      uri,
      mimeType: MIME_TYPE,
      text: JSON.stringify(document),
      _meta: {
        'io.signalbox/version': version,
        'io.signalbox/createdAt': createdAt,
        'io.signalbox/updatedAt': updatedAt,
      },
    };
  }

  owns(uri: string): boolean {
    return keyOfUri(uri) !== undefined;
  }

  async complete(variable: string, prefix: string, known: Readonly<Record<string, string>>): Promise<Completion> {
    if (variable === 'collection') {
      return completionOf(await this.#starting(COLLECTIONS, '_id', prefix, {}), '_id');
    }
    if (variable !== 'id') return { values: [] };
    const scope = { deleted: false, ...(known['collection'] ? { collection: known['collection'] } : {}) };
    return completionOf(await this.#starting(DOCUMENTS, 'id', prefix, scope), 'id');
  }

  #starting(collection: string, field: string, prefix: string, scope: Filter): Promise<Document[]> {
    const range = prefix === '' ? {} : { [field]: { $gte: prefix, $lt: `${prefix}\uffff` } };
    return this.readModels.find(collection, {
      filter: { $and: [scope, range] },
      sort: { [field]: 1 },
      limit: MAX_COMPLETIONS + 1,
    });
  }
}

/** Nothing that changes with every version: the list is the same as long as the documents are. */
function resourceOf(state: Stored) {
  const { collection, id } = state;
  const title = state.document['title'] ?? state.document['name'];
  return {
    uri: uriOf(state),
    name: `${collection}/${id}`,
    ...(typeof title === 'string' && { title: title.slice(0, MAX_TITLE_LENGTH) }),
    mimeType: MIME_TYPE,
  };
}

function completionOf(found: readonly Document[], field: string): Completion {
  const values = [...new Set(found.slice(0, MAX_COMPLETIONS).map((document) => String(document[field])))];
  return { values, hasMore: found.length > MAX_COMPLETIONS };
}

const encodeCursor = (listed: number, after: string): string => Buffer.from(`${listed}|${after}`).toString('base64url');

function decodeCursor(cursor: string): { listed: number; after: string } {
  const [, listed, after] = /^(\d{1,9})\|([^:]+:.+)$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (listed !== undefined && after !== undefined) return { listed: Number(listed), after };
  throw new InvalidCursorError('unknown cursor: use nextCursor of the page before, or none for the first page');
}
