import type { RecordedEvent } from '@signalbox/contracts';
import type { Document, Write } from '@signalbox/ports';
import { expect } from 'vitest';

interface TestedReader {
  get<T extends Document>(collection: string, id: string): Promise<T | undefined>;
  getMany<T extends Document>(collection: string, ids: readonly string[]): Promise<T[]>;
}
interface TestedProjection {
  readonly name: string;
  readonly collections: readonly string[];
  project(events: readonly RecordedEvent[], read: TestedReader): readonly Write[] | Promise<readonly Write[]>;
}

/** Collection → the documents expected in it, in any order; `_at` is left out of the comparison. */
type ExpectedDocuments = Readonly<Record<string, readonly Document[]>>;

/**
 * `givenProjection(projection, earlier).when(events).then({ calls: [{ _id: …, … }] })`: the documents that events lead to.
 * Checks three ways to get there: one batch, event by event, and with everything applied twice.
 */
export function givenProjection(projection: TestedProjection, history: readonly RecordedEvent[] = []) {
  return {
    when(...events: readonly RecordedEvent[]) {
      const all = [...history, ...events];
      return {
        async then(expected: ExpectedDocuments): Promise<void> {
          const oneByOne = all.map((event) => [event]);
          const ways = { 'in one batch': [all], 'event by event': oneByOne, 'applied twice': [...oneByOne, all] };
          for (const [way, batches] of Object.entries(ways)) {
            expect(await run(projection, batches), way).toEqual(normalise(expected));
          }
        },
      };
    },
  };
}

async function run(
  projection: TestedProjection,
  batches: readonly (readonly RecordedEvent[])[],
): Promise<Record<string, unknown>> {
  const stored = new Map<string, Map<string, Document>>(projection.collections.map((name) => [name, new Map()]));
  const collection = (name: string): Map<string, Document> => {
    const documents = stored.get(name);
    if (!documents) throw new Error(`${projection.name} uses ${name}, which is not among its collections`);
    return documents;
  };
  const read: TestedReader = {
    get: async <T extends Document>(name: string, id: string) => collection(name).get(id) as T | undefined,
    getMany: async <T extends Document>(name: string, ids: readonly string[]) =>
      ids.flatMap((id) => collection(name).get(id) ?? []) as unknown as T[],
  };
  for (const batch of batches.filter((events) => events.length > 0)) {
    for (const write of await projection.project(batch, read)) {
      if (write.op === 'put') collection(write.collection).set(write.document._id, jsonOf(write.document));
      else collection(write.collection).delete(write.id);
    }
  }
  return normalise(Object.fromEntries([...stored].map(([name, documents]) => [name, [...documents.values()]])));
}

/** As a store would give it back. */
const jsonOf = (document: Document): Document => JSON.parse(JSON.stringify(document)) as Document;

function normalise(collections: ExpectedDocuments): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(collections).map(([name, documents]) => [
      name,
      documents.map(({ _at, ...document }) => document).sort((a, b) => (String(a['_id']) < String(b['_id']) ? -1 : 1)),
    ]),
  );
}
