import { parseFilter, type Filter } from '@signalbox/ports';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '@signalbox/port-contracts';
import { filterToSql } from './filter-sql.js';
import { SqliteReadModels } from './index.js';

describe('indexes of SqliteReadModels', () => {
  let place: string;
  let models: SqliteReadModels;
  beforeEach(async () => {
    place = await temporaryFolder.newPlace();
    models = await SqliteReadModels.open({ file: join(place, 'read-models.db') });
    for (const field of ['server', 'time', 'deep.er.field']) await models.ensureIndex('calls', field);
  });
  afterEach(async () => {
    await models.close();
    await temporaryFolder.removePlace(place);
  });

  function plan(sql: string, parameters: Record<string, string | number>): string {
    const database = new DatabaseSync(join(place, 'read-models.db'), { readOnly: true });
    try {
      const rows = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(parameters);
      return rows.map((row) => String(row['detail'])).join('\n');
    } finally {
      database.close();
    }
  }

  it.each<Filter>([
    { server: 's1' },
    { server: { $in: ['s1', 's2'] } },
    { time: { $gte: '2026-01-01' } },
    { 'deep.er.field': 5 },
    { 'deep.er.field': { $lt: 5 } },
    { server: 's1', other: { $ne: 3 } },
    { _id: 'x' },
  ])('answer %j without walking through the table', (filter) => {
    const { sql, parameters } = filterToSql(parseFilter(filter));
    expect(plan(`SELECT doc FROM "c_calls" WHERE ${sql}`, parameters)).not.toMatch(/SCAN c_calls/);
  });

  it('are not in use for a field without one, so that the test above can fail', () => {
    const { sql, parameters } = filterToSql(parseFilter({ other: 1 }));
    expect(plan(`SELECT doc FROM "c_calls" WHERE ${sql}`, parameters)).toMatch(/SCAN c_calls/);
  });

  it('go over to a promoted collection, missing ones made, none twice', async () => {
    for (let i = 0; i < 3; i++) {
      await models.ensureIndex('calls~2', 'server');
      await models.promote(
        { projection: 'calls~2', collections: ['calls~2'] },
        { projection: 'calls', collections: ['calls'] },
      );
    }
    await models.ensureIndex('calls', 'server');
    const database = new DatabaseSync(join(place, 'read-models.db'), { readOnly: true });
    const [row] = database
      .prepare(`SELECT count(*) AS n FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'c_calls' AND sql NOT NULL`)
      .all();
    database.close();
    // one for each of server, time and deep.er.field, and two for the arrays that may be on the way to the last
    expect(row).toEqual({ n: 5 });
  });
});
