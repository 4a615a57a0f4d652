import { Injectable } from '@nestjs/common';
import { newId } from '@signalbox/contracts';
import { resourceDecider, type ResourceCommand, type ResourceState } from '@signalbox/domain/resource';
import { InjectEventLog } from '@signalbox/nest-kit';
import { EventLog, handleCommand } from '@signalbox/runtime';
import type { RequestMetadata } from '../request-metadata.js';
import { streamOf } from './document-key.js';
import { DocumentReader } from './document-reader.js';
import type { DocumentState } from './document-state.js';
import { DocumentsRunner } from './documents.runner.js';

export interface Written {
  readonly state: DocumentState;
  /** There was no such document before. */
  readonly created: boolean;
}

const decider = resourceDecider();

/**
 * Appends what a command leads to. Read-your-writes: it resolves when the document *and* the lists of this instance have the
 * write in them, the lists at the latest after `documents.readYourWritesMs`.
 */
@Injectable()
export class DocumentWriter {
  constructor(
    @InjectEventLog() private readonly log: EventLog,
    private readonly reader: DocumentReader,
    private readonly projections: DocumentsRunner,
  ) {}

  /**
   * @param before the document as the caller knows it; read when absent
   * @throws Refusal when the document's state does not allow the command
   * @throws VersionConflictError when others kept changing it meanwhile
   */
  async write(command: ResourceCommand, metadata: RequestMetadata, before?: DocumentState): Promise<Written> {
    const known = before ?? (await this.reader.state(command));
    const outcome = await handleCommand(
      { log: this.log },
      {
        decider,
        stream: streamOf(command),
        command,
        commitId: newId(),
        metadata,
        snapshot: known && { state: decisionState(known), version: known.version },
      },
    );
    const created = outcome.events[0]!.type === 'resource.created';
    const overtaken = outcome.version !== (known?.version ?? 0) + 1;
    await this.projections.caughtUp();
    const createdAt = overtaken ? (await this.reader.state(command))?.createdAt : known?.createdAt;
    const updatedAt = outcome.appended!.time;
    const { collection, id } = command;
    const { version, phase, document = {} } = outcome.state;
    const state: DocumentState = {
      collection,
      id,
      version,
      createdAt: created ? updatedAt : (createdAt ?? updatedAt),
      updatedAt,
      deleted: phase === 'deleted',
      document,
    };
    return { state, created };
  }
}

function decisionState({ deleted, version, document }: DocumentState): ResourceState {
  return deleted ? { phase: 'deleted', version } : { phase: 'present', version, document };
}
