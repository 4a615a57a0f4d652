import type { Collection, Db } from 'mongodb';
import { isDuplicateKey } from '../connection.js';
import type { CommitDocument } from './commit-document.js';
import { DEFAULT_ENTITY_PARTITIONS } from './options.js';

export interface ClaimDocument {
  /** The claim key. */
  readonly _id: string;
  readonly partition: string;
  readonly commitId: string;
  readonly actor: string;
  readonly time: string;
}

interface Named {
  readonly _id: string;
}
interface Settings extends Named {
  readonly format: number;
  readonly entityPartitions: number;
}

const FORMAT = 1;

/** The collections of one log. `partitions` and `types` list the names that occur, so that nobody searches the commits for them. */
export interface LogCollections {
  readonly commits: Collection<CommitDocument>;
  readonly claims: Collection<ClaimDocument>;
  readonly partitions: Collection<Named>;
  readonly types: Collection<Named>;
  readonly settings: Collection<Settings>;
}

/**
 * Makes the indexes that are missing, and the settings of a new log. (partition, position) is unique by `_id`.
 * @throws Error when the log has a newer format or another number of entity partitions
 */
export async function openCollections(
  db: Db,
  wanted: number | undefined,
): Promise<{ collections: LogCollections; entityPartitions: number }> {
  const collections: LogCollections = {
    commits: db.collection('commits'),
    claims: db.collection('claims'),
    partitions: db.collection('partitions'),
    types: db.collection('types'),
    settings: db.collection('settings'),
  };
  await collections.commits.createIndexes([
    { name: 'stream', key: { partition: 1, stream: 1, firstVersion: 1 }, unique: true },
    { name: 'commitId', key: { partition: 1, commitId: 1 }, unique: true },
    { name: 'correlation', key: { correlationId: 1, partition: 1, position: 1 } },
    { name: 'types', key: { partition: 1, types: 1, position: 1 } },
  ]);
  const settings = await settle(collections.settings, wanted ?? DEFAULT_ENTITY_PARTITIONS);
  if (settings.format > FORMAT) {
    throw new Error(`the log has format ${settings.format}; this version reads formats up to ${FORMAT}`);
  }
  const { entityPartitions } = settings;
  if (wanted !== undefined && wanted !== entityPartitions) {
    throw new Error(
      `the log was made with ${entityPartitions} entity partitions, which is fixed; ${wanted} is configured`,
    );
  }
  return { collections, entityPartitions };
}

async function settle(collection: Collection<Settings>, entityPartitions: number): Promise<Settings> {
  const mine: Settings = { _id: 'log', format: FORMAT, entityPartitions };
  try {
    await collection.insertOne(mine);
    return mine;
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    // not by majority: what made the insert fail may be newer than that
    return (await collection.findOne({ _id: 'log' }, { readConcern: { level: 'local' } }))!;
  }
}

/** Inserts what is not there yet. */
export async function insertMissing(collection: Collection<Named>, names: readonly string[]): Promise<void> {
  try {
    await collection.insertMany(
      names.map((_id) => ({ _id })),
      { ordered: false },
    );
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}
