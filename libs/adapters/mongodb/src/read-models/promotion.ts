import type { Db, IndexDescriptionInfo } from 'mongodb';
import type { Checkpoints } from './checkpoints.js';

export interface ProjectionNames {
  readonly projection: string;
  /** As they are stored. */
  readonly collections: readonly string[];
}

/**
 * Renames collection by collection, with the checkpoint last. It can be repeated after it broke off: once all sources
 * are there, the projection is marked, and from then on a source that is missing has its new name already.
 * A projection without a checkpoint was promoted before, or has never run: then nothing happens.
 */
export async function promote(
  db: Db,
  checkpoints: Checkpoints,
  from: ProjectionNames,
  to: ProjectionNames,
): Promise<void> {
  const state = await checkpoints.state(from.projection);
  if (state === 'none') return;
  if (state === 'resting') {
    const present = await namesOf(db, from.collections);
    for (const name of from.collections) if (!present.has(name)) await db.createCollection(name);
    await checkpoints.markPromoting(from.projection);
  }
  const sources = await namesOf(db, from.collections);
  for (const [index, source] of from.collections.entries()) {
    const target = to.collections[index]!;
    if (source !== target && sources.has(source)) await rename(db, source, target);
  }
  await checkpoints.set(to.projection, await checkpoints.get(from.projection));
  await checkpoints.delete(from.projection);
}

/** The target's indexes stay, whichever the source has. */
async function rename(db: Db, source: string, target: string): Promise<void> {
  const present = await namesOf(db, [target]);
  const wanted = present.has(target) ? await db.collection(target).indexes() : [];
  for (const { key } of wanted.filter(isOurs)) await db.collection(source).createIndex(key);
  await db.collection(source).rename(target, { dropTarget: true });
}

const isOurs = ({ name }: IndexDescriptionInfo): boolean => name !== '_id_';

async function namesOf(db: Db, names: readonly string[]): Promise<Set<string>> {
  const found = await db.listCollections({ name: { $in: names } }, { nameOnly: true }).toArray();
  return new Set(found.map(({ name }) => name));
}
