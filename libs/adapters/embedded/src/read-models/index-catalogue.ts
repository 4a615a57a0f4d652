import { randomUUID } from 'node:crypto';
import type { FieldPath } from '@signalbox/ports';
import { member, RANK, rankAt, root, valueAt } from './json-sql.js';
import type { ReadModelDatabase } from './read-model-database.js';

/** Which fields of which tables have indexes. */
export class IndexCatalogue {
  constructor(private readonly database: ReadModelDatabase) {}

  /**
   * One index over (rank, value) serves comparisons, which fix the rank, and sorts. A second one, of the rows with an
   * array on the way to the field, lets SQLite answer a condition's alternatives from indexes only.
   */
  ensure(table: string, path: FieldPath): void {
    const field = path.join('.');
    if (field === '_id') return;
    if (this.database.first('SELECT 1 FROM indexes WHERE owner = ? AND field = ?', table, field)) return;
    this.database.ensureTable(table);
    const place = member(root, path);
    // a random part, because a table keeps its indexes' names when it takes another's place
    const name = randomUUID();
    this.database.exec(`CREATE INDEX "i_${name}" ON ${table} (${rankAt(place)}, ${valueAt(place)})`);
    path.slice(1).forEach((_, index) => {
      const array = rankAt(member(root, path.slice(0, index + 1)));
      this.database.exec(`CREATE INDEX "i_${name}_${index}" ON ${table} (${array}) WHERE (${array} = ${RANK.array})`);
    });
    this.database.run('INSERT INTO indexes (owner, field) VALUES (?, ?)', table, field);
  }

  of(table: string): FieldPath[] {
    const rows = this.database.all('SELECT field FROM indexes WHERE owner = ?', table);
    return rows.map((row) => (row['field'] as string).split('.'));
  }

  forget(table: string): void {
    this.database.run('DELETE FROM indexes WHERE owner = ?', table);
  }

  moved(from: string, to: string): void {
    this.database.run('UPDATE indexes SET owner = ? WHERE owner = ?', to, from);
  }
}
