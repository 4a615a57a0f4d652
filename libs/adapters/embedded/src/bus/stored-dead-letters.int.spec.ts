import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteReadModels } from '../read-models/index.js';
import { StoredDeadLetters } from './index.js';

describe('StoredDeadLetters', () => {
  let readModels: SqliteReadModels;
  beforeEach(async () => {
    readModels = await SqliteReadModels.open({ file: ':memory:' });
  });
  afterEach(() => readModels.close());

  const letter = (id: string) => ({
    id,
    queue: 'q',
    reason: 'no',
    attempts: 1,
    time: '2026-11-21T00:00:00.000Z',
    message: { id: 'm', type: 't', body: { secret: 'not for the disk' } },
  });

  it('keeps transient letters, such as parked requests with their arguments, out of the database', async () => {
    const letters = new StoredDeadLetters(readModels);
    await letters.add(letter('b'), { transient: true });
    await letters.add(letter('a'));
    expect((await letters.list({ limit: 10 })).map(({ id }) => id)).toEqual(['a', 'b']);
    expect((await readModels.find('dead_letters')).map(({ _id }) => _id)).toEqual(['a']);
    expect(await letters.get('b')).toEqual(letter('b'));
    expect(await letters.remove('b')).toBe(true);
    expect(await letters.remove('b')).toBe(false);
  });

  it('forgets the oldest when it is full, those of an earlier process included', async () => {
    await new StoredDeadLetters(readModels, 2).add(letter('a'));
    const letters = new StoredDeadLetters(readModels, 2);
    await letters.add(letter('b'));
    await letters.add(letter('c'));
    expect((await letters.list({ limit: 10 })).map(({ id }) => id)).toEqual(['b', 'c']);
  });
});
