import { RecentCommits } from '@signalbox/adapter-kit';
import type { PartitionHead } from '@signalbox/ports';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { StoredCommit } from './stored-commit.js';
import { UnindexedCommits } from './unindexed-commits.js';

/** A set of event types, as it is kept once for all commits that have it. */
export interface TypeSet {
  readonly id: number;
  readonly types: readonly string[];
}

/** The end of one partition. */
export interface Tail {
  readonly id: number;
  readonly partition: string;
  position: number;
  hash: string;
}

/**
 * What the store remembers of the database. All of it is dropped when another connection wrote (`PRAGMA data_version`)
 * or a transaction was rolled back, and read again when it is needed.
 */
export class LogState {
  readonly recent: RecentCommits<StoredCommit>;
  readonly unindexed: UnindexedCommits;
  lastSeq = 0;
  lastTime = '';
  /** Changes whenever what was remembered became worthless. */
  generation = 0;
  private tails = new Map<string, Tail>();
  private names = new Map<number, string>();
  private typeSets = new Map<number, TypeSet>();
  /** By the type's name, or the JSON text of several. */
  private typeSetsByName = new Map<string, TypeSet>();
  private dataVersion: number | undefined;
  private readonly statements: Record<
    'dataVersion' | 'last' | 'tails' | 'addPartition' | 'typeSets' | 'addTypeSet',
    StatementSync
  >;

  constructor(db: DatabaseSync, options: { recentBytes: number }) {
    this.recent = new RecentCommits(options.recentBytes);
    this.unindexed = new UnindexedCommits(db);
    this.statements = {
      dataVersion: db.prepare('PRAGMA data_version'),
      last: db.prepare('SELECT seq, time FROM commits ORDER BY seq DESC LIMIT 1'),
      tails: db.prepare(
        `SELECT p.id, p.name AS partition, coalesce(c.position, 0) AS position, coalesce(c.hash, '') AS hash
         FROM partitions p LEFT JOIN commits c ON c.seq =
           (SELECT seq FROM commits WHERE partition_id = p.id ORDER BY position DESC LIMIT 1)`,
      ),
      addPartition: db.prepare('INSERT INTO partitions (name) VALUES (?) RETURNING id'),
      typeSets: db.prepare('SELECT id, types FROM type_sets'),
      addTypeSet: db.prepare('INSERT INTO type_sets (types) VALUES (?) RETURNING id'),
    };
  }

  /** Makes sure that what is remembered is what the database has. */
  refresh(): void {
    const { data_version: version } = this.statements.dataVersion.get() as { data_version: number };
    if (version === this.dataVersion) return;
    this.forget();
    const last = this.statements.last.get() as { seq: number; time: string } | undefined;
    this.lastSeq = last?.seq ?? 0;
    this.lastTime = last?.time ?? '';
    for (const row of this.statements.tails.all()) {
      const tail = row as unknown as Tail;
      this.tails.set(tail.partition, tail);
      this.names.set(tail.id, tail.partition);
    }
    for (const { id, types } of this.statements.typeSets.all() as { id: number; types: string }[]) {
      this.addTypeSet({ id, types: parseTypes(types) });
    }
    this.unindexed.load();
    this.dataVersion = version;
  }

  forget(): void {
    this.generation++;
    this.dataVersion = undefined;
    this.recent.clear();
    this.unindexed.indexed(0);
    this.tails = new Map();
    this.names = new Map();
    this.typeSets = new Map();
    this.typeSetsByName = new Map();
  }

  tail(partition: string): Tail | undefined {
    return this.tails.get(partition);
  }

  /** To be called in a transaction only. */
  addPartition(partition: string): Tail {
    const { id } = this.statements.addPartition.get(partition) as { id: number };
    const tail = { id, partition, position: 0, hash: '' };
    this.tails.set(partition, tail);
    this.names.set(id, partition);
    return tail;
  }

  heads(): PartitionHead[] {
    const heads: PartitionHead[] = [];
    for (const { partition, position, hash } of this.tails.values()) {
      if (position > 0) heads.push({ partition, position, hash });
    }
    return heads;
  }

  partitionName(id: number): string {
    return this.names.get(id) ?? `#${id}`;
  }

  types(typeSet: number): readonly string[] {
    return this.typeSets.get(typeSet)?.types ?? [];
  }

  allTypeSets(): Iterable<TypeSet> {
    return this.typeSets.values();
  }

  /** The set of the events' types. To be called in a transaction only. */
  typeSetOf(events: readonly { readonly type: string }[]): TypeSet {
    const known = events.length === 1 ? this.typeSetsByName.get(events[0]!.type) : undefined;
    if (known) return known;
    const types = [...new Set(events.map((event) => event.type))];
    const same = this.typeSetsByName.get(nameOf(types));
    if (same) return same;
    const { id } = this.statements.addTypeSet.get(JSON.stringify(types)) as { id: number };
    return this.addTypeSet({ id, types });
  }

  private addTypeSet(set: TypeSet): TypeSet {
    this.typeSets.set(set.id, set);
    this.typeSetsByName.set(nameOf(set.types), set);
    return set;
  }
}

const nameOf = (types: readonly string[]): string => (types.length === 1 ? types[0]! : JSON.stringify(types));

function parseTypes(json: string): readonly string[] {
  try {
    const types: unknown = JSON.parse(json);
    return Array.isArray(types) ? types.map(String) : [];
  } catch {
    return [];
  }
}
