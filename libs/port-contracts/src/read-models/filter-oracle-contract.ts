import type { Document, Filter } from '@signalbox/ports';
import { Query } from 'mingo';
import { describe, expect, it } from 'vitest';
import { ModelsUnderTest, type ReadModelsHarness } from './models-under-test.js';

const DOCUMENT_COUNT = 150;
const FILTERS_PER_SEED = 250;

/** A small generator of numbers that look random and are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

class Generator {
  private readonly random: () => number;

  constructor(seed: number) {
    this.random = seeded(seed);
  }

  documents(): Document[] {
    return Array.from({ length: DOCUMENT_COUNT }, (_, i) => {
      const document: Record<string, unknown> = { _id: `d${String(i).padStart(3, '0')}` };
      for (const field of ['a', 'b', 'c']) if (this.random() < 0.8) document[field] = this.value(2);
      return document as Document;
    });
  }

  filter(depth = 2): Filter {
    const kind = this.random();
    if (depth > 0 && kind < 0.15) return { $and: [this.filter(depth - 1), this.filter(depth - 1)] };
    if (depth > 0 && kind < 0.35) return { $or: [this.filter(depth - 1), this.filter(depth - 1)] };
    const path = this.pick(['a', 'b', 'c', 'a.a', 'a.b', 'b.c', 'a.b.c']);
    return { [path]: this.condition(path.includes('.')) };
  }

  private condition(dotted: boolean): unknown {
    const operand = () => (dotted ? this.scalar() : this.operand());
    const listed = () => {
      const value = operand();
      return Array.isArray(value) ? this.scalar() : value;
    };
    const operators: Record<string, () => unknown> = {
      $eq: operand,
      $ne: operand,
      $in: () => [listed(), listed()],
      $nin: () => [listed(), listed()],
      $gt: () => this.scalar(),
      $gte: () => this.scalar(),
      $lt: () => this.scalar(),
      $lte: () => this.scalar(),
      $exists: () => this.random() < 0.5,
      $not: () => ({ [this.pick(['$gt', '$lte', '$eq'])]: this.scalar() }),
    };
    if (this.random() < 0.1) return operand();
    const names = [this.pick(Object.keys(operators)), this.pick(Object.keys(operators))];
    return Object.fromEntries(names.slice(0, this.random() < 0.8 ? 1 : 2).map((name) => [name, operators[name]!()]));
  }

  private operand(): unknown {
    return this.random() < 0.15 ? null : this.random() < 0.85 ? this.scalar() : this.value(1);
  }

  private value(depth: number): unknown {
    const kind = this.random();
    if (depth > 0 && kind < 0.25) {
      return Object.fromEntries(
        ['a', 'b', 'c'].filter(() => this.random() < 0.6).map((key) => [key, this.value(depth - 1)]),
      );
    }
    if (depth > 0 && kind < 0.45) {
      return Array.from({ length: Math.floor(this.random() * 4) }, () => this.element(depth - 1));
    }
    return kind < 0.5 ? null : this.scalar();
  }

  private element(depth: number): unknown {
    const value = this.value(depth);
    return Array.isArray(value) ? this.scalar() : value;
  }

  private scalar(): string | number | boolean {
    return this.pick([0, 1, 2, 3, -1, 1.5, '', '1', 'a', 'b', '2026-01-01', true, false]);
  }

  private pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.random() * choices.length)]!;
  }
}

/**
 * Generated documents and filters, answered as the library mingo answers them. Left to the table of `filterContract`,
 * because mingo differs from MongoDB there: arrays in arrays (mingo walks into them), arrays in `$in`
 * (mingo looks for their elements), and null behind a dotted path
 * (mingo does not see a field as missing that an element of an array lacks).
 */
export function filterOracleContract(harness: ReadModelsHarness): void {
  describe('filters against mingo', () => {
    const test = new ModelsUnderTest(harness);

    it.each([1, 2, 3, 4])('agree on generated documents and filters, seed %i', async (seed) => {
      const generator = new Generator(seed);
      const documents = generator.documents();
      await test.store(documents);
      if (seed % 2 === 0) for (const field of ['a', 'a.b']) await test.models.ensureIndex('things', field);
      let found = 0;
      for (let i = 0; i < FILTERS_PER_SEED; i++) {
        const filter = generator.filter();
        const oracle = new Query(filter as Record<string, never>);
        const expected = documents.filter((document) => oracle.test(document)).map(({ _id }) => _id);
        const actual = await test.ids({ filter, sort: { _id: 1 }, limit: 1_000 });
        const wrong = documents.filter(({ _id }) => expected.includes(_id) !== actual.includes(_id));
        expect(wrong, `${JSON.stringify(filter)}: ${expected.length} expected`).toEqual([]);
        found += actual.length;
      }
      expect(found).toBeGreaterThan(FILTERS_PER_SEED);
    });
  });
}
