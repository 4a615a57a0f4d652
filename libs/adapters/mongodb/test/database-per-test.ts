import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';

/** Places for the contract suites: a database of its own for every test, as a URL. */
export function databasePerTest(url: string) {
  return {
    newPlace: async (): Promise<string> => {
      const place = new URL(url);
      place.pathname = `/signalbox_test_${randomUUID().replaceAll('-', '')}`;
      return place.href;
    },
    removePlace: async (place: string): Promise<void> => {
      const client = new MongoClient(place);
      try {
        await client.db().dropDatabase();
      } finally {
        await client.close();
      }
    },
  };
}

/** What answers is FerretDB: it speaks MongoDB's protocol, and differs in what the specs say where it matters. */
export async function isFerretDb(url: string): Promise<boolean> {
  const client = new MongoClient(url);
  try {
    return 'ferretdb' in (await client.db('admin').command({ buildInfo: 1 }));
  } finally {
    await client.close();
  }
}
