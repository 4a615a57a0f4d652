import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Inclusive bounds in the order of the whole log. */
export interface SeqRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Finds places in the log by time and in a partition by bisection: times and positions grow with `seq`, so neither
 * needs an index of its own here.
 */
export class SeqBisection {
  private readonly timeAt: StatementSync;
  private readonly seqAt: StatementSync;

  constructor(db: DatabaseSync) {
    this.timeAt = db.prepare('SELECT seq, time FROM commits WHERE seq >= ? ORDER BY seq LIMIT 1');
    this.seqAt = db.prepare(
      'SELECT seq FROM commits WHERE partition_id = ? AND position >= ? ORDER BY position LIMIT 1',
    );
  }

  /** The first seq in 1..last + 1 whose commit is not before `time`. */
  seqOfTime(time: string, last: number): number {
    return bisect(1, last + 1, (seq) => {
      const row = this.timeAt.get(seq) as { seq: number; time: string } | undefined;
      return row === undefined || row.time >= time;
    });
  }

  /** The first position in 1..last + 1 of a partition whose seq is at least `seq`. */
  positionOfSeq(partitionId: number, seq: number, last: number): number {
    return bisect(1, last + 1, (position) => {
      const row = this.seqAt.get(partitionId, position) as { seq: number } | undefined;
      return row === undefined || row.seq >= seq;
    });
  }
}

/** The least integer in low..high for which `reached` is true, when it is false up to some point and true from there. */
function bisect(low: number, high: number, reached: (value: number) => boolean): number {
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (reached(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
