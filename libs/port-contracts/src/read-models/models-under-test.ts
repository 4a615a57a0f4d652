import type { Document, Query, ReadModels, Write } from '@signalbox/ports';
import { afterEach, beforeEach } from 'vitest';

export interface ReadModelsHarness {
  /** A place for empty read models: a folder, a database's name. */
  newPlace(): Promise<string>;
  /** Opens the read models at a place; opening it again finds what is stored there. */
  open(place: string): Promise<ReadModels>;
  removePlace?(place: string): Promise<void>;
}

export interface ReadModelsCapabilities {
  /** What was committed is found after close and open. */
  readonly persistent: boolean;
  /** A commit that fails leaves nothing, and `promote` is one step. */
  readonly atomic: boolean;
  /**
   * A number in a path finds what is in an array in an array: `{'a.0': 1}` finds `{a: [[1]]}`, as in MongoDB. Default
   * true; FerretDB 2.7 does not look into the inner array.
   */
  readonly nestedArrayPaths?: boolean;
}

/** Read models of their own for every test: opened before, closed and removed after. */
export class ModelsUnderTest {
  models!: ReadModels;
  private place = '';

  constructor(private readonly harness: ReadModelsHarness) {
    beforeEach(async () => {
      this.place = await harness.newPlace();
      this.models = await harness.open(this.place);
    });
    afterEach(async () => {
      await this.models.close();
      await harness.removePlace?.(this.place);
    });
  }

  async reopen(): Promise<void> {
    await this.models.close();
    this.models = await this.harness.open(this.place);
  }

  /** Stores documents in `things`. */
  async store(documents: readonly Document[], collection = 'things'): Promise<void> {
    await this.models.commit(
      'test',
      { p: 1 },
      documents.map((document) => put(document, collection)),
    );
  }

  async ids(query: Query, collection = 'things'): Promise<string[]> {
    return (await this.models.find(collection, query)).map(({ _id }) => _id);
  }
}

export function put(document: Document, collection = 'things'): Write {
  return { op: 'put', collection, document };
}
