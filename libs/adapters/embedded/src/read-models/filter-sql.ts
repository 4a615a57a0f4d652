import type { Comparison, FieldPath, FilterNode } from '@signalbox/ports';
import {
  element,
  elementsAt,
  member,
  RANK,
  rankAt,
  rankOfType,
  root,
  typeAt,
  valueAt,
  type Place,
} from './json-sql.js';

export interface SqlCondition {
  readonly sql: string;
  readonly parameters: Readonly<Record<string, string | number>>;
}

/**
 * A filter as an SQL condition over the column `doc`, with MongoDB's semantics: a condition on a field holds when one
 * of the values that its path leads to meets it, where arrays on the way stand for their elements (objects, and by
 * position) and an array at the end for itself and its elements. Values are bound, never written into the SQL.
 */
export function filterToSql(node: FilterNode): SqlCondition {
  const writer = new FilterSql();
  const sql = writer.condition(node);
  return { sql, parameters: writer.parameters };
}

/** SQL for one value: its type as `json_type` names it, its rank and itself. */
interface SqlValue {
  readonly type: string;
  readonly rank: string;
  readonly value: string;
}

/** What a single value has to meet. */
interface Test {
  /** Whether a field that is not there meets it too. */
  readonly missing: boolean;
  /** Whether an array is met by its elements. Not for `$exists`, which asks for the field alone. */
  readonly elements: boolean;
  sql(actual: SqlValue): string;
}

const COMPARE: Readonly<Record<Comparison, string>> = { $gt: '>', $gte: '>=', $lt: '<', $lte: '<=' };

class FilterSql {
  readonly parameters: Record<string, string | number> = {};
  private names = 0;

  condition(node: FilterNode): string {
    switch (node.kind) {
      case 'and':
      case 'or': {
        if (node.nodes.length === 0) return '1';
        const joined = node.nodes.map((part) => this.condition(part));
        return `(${joined.join(node.kind === 'and' ? ' AND ' : ' OR ')})`;
      }
      case 'not':
        // not NOT, so that a condition that SQL has no answer to (NULL) counts as one that does not hold
        return `(${this.condition(node.node)}) IS NOT TRUE`;
      case 'exists':
        return this.some(root, node.path, {
          missing: false,
          elements: false,
          sql: ({ type }) => `${type} IS NOT NULL`,
        });
      case 'in':
        return this.some(root, node.path, this.oneOf(node.values));
      case 'compare': {
        const { value, operator } = node;
        const parameter = this.bind(typeof value === 'boolean' ? Number(value) : value);
        const rank = RANK[typeof value as 'string' | 'number' | 'boolean'];
        return this.some(root, node.path, {
          missing: false,
          elements: true,
          sql: (actual) => `${actual.rank} = ${rank} AND ${actual.value} ${COMPARE[operator]} ${parameter}`,
        });
      }
    }
  }

  private oneOf(values: readonly unknown[]): Test {
    const ofType = (type: string) => values.filter((value) => typeof value === type);
    const structures = values.filter((value) => typeof value === 'object' && value !== null);
    const groups = [
      { rank: RANK.number, operands: ofType('number') },
      { rank: RANK.string, operands: ofType('string') },
      { rank: RANK.boolean, operands: ofType('boolean').map(Number) },
      {
        rank: RANK.object,
        operands: structures.filter((value) => !Array.isArray(value)).map((v) => JSON.stringify(v)),
      },
      { rank: RANK.array, operands: structures.filter((value) => Array.isArray(value)).map((v) => JSON.stringify(v)) },
    ]
      .filter(({ operands }) => operands.length > 0)
      .map(({ rank, operands }) => ({ rank, test: this.among(operands as (string | number)[]) }));
    const missing = values.includes(null);
    return {
      missing,
      elements: true,
      sql: ({ rank, value }) => {
        const tests = groups.map((group) => `(${rank} = ${group.rank} AND ${value} ${group.test})`);
        if (missing) tests.push(`${rank} = ${RANK.missing}`);
        return tests.length === 0 ? '0' : tests.join(' OR ');
      },
    };
  }

  private among(operands: readonly (string | number)[]): string {
    if (operands.length === 1) return `= ${this.bind(operands[0]!)}`;
    return `IN (SELECT value FROM json_each(${this.bind(JSON.stringify(operands))}))`;
  }

  /** Whether a value that `path` leads to from the value at `from` meets the test. */
  private some(from: Place, path: FieldPath, test: Test): string {
    if (from === root && path.length === 1 && path[0] === '_id') {
      return `(${test.sql({ type: `'text'`, rank: `${RANK.string}`, value: 'id' })})`;
    }
    // what stands at a position may be an array itself; the root and the elements walked through are objects
    const start = from.path.endsWith(']') ? 0 : 1;
    const arrays = path.slice(start).map((_, index) => {
      const split = index + start;
      return { array: member(from, path.slice(0, split)), rest: path.slice(split) };
    });
    const end = member(from, path);
    const options = [this.direct(end, arrays, test), ...this.elementsOf(end, test)];
    for (const { array, rest } of arrays) options.push(`(${isArray(array)} AND ${this.through(array, rest, test)})`);
    return `(${options.join(' OR ')})`;
  }

  private direct(end: Place, arrays: readonly { array: Place }[], test: Test): string {
    const met = `(${test.sql(valueOf(end))})`;
    if (!test.missing) return met;
    // behind an array the direct path leads nowhere, which does not make the field missing: its elements decide
    return `(${[met, ...arrays.map(({ array }) => `NOT ${isArray(array)}`)].join(' AND ')})`;
  }

  private elementsOf(array: Place, test: Test): string[] {
    if (!test.elements) return [];
    const alias = this.alias();
    const met = test.sql({ type: `${alias}.type`, rank: rankOfType(`${alias}.type`), value: `${alias}.value` });
    return [`(${isArray(array)} AND EXISTS (SELECT 1 FROM ${elementsAt(array, alias)} WHERE ${met}))`];
  }

  private through(array: Place, rest: FieldPath, test: Test): string {
    const alias = this.alias();
    const met = this.some({ json: `${alias}.value`, path: '$' }, rest, test);
    // CASE, because the order of AND is not promised, and JSON functions fail on elements that are plain strings
    const guarded = `CASE ${alias}.type WHEN 'object' THEN ${met} ELSE 0 END`;
    const anywhere = `EXISTS (SELECT 1 FROM ${elementsAt(array, alias)} WHERE ${guarded})`;
    const [first, ...behind] = rest;
    if (!/^(0|[1-9]\d{0,8})$/.test(first!)) return anywhere;
    const place = element(array, Number(first));
    const there = behind.length > 0 ? this.some(place, behind, test) : this.atEnd(place, test);
    return `(${anywhere} OR (${typeAt(place)} IS NOT NULL AND ${there}))`;
  }

  private atEnd(place: Place, test: Test): string {
    return `(${[`(${test.sql(valueOf(place))})`, ...this.elementsOf(place, test)].join(' OR ')})`;
  }

  private bind(value: string | number): string {
    const name = `p${this.names++}`;
    this.parameters[name] = value;
    return `:${name}`;
  }

  private alias(): string {
    return `e${this.names++}`;
  }
}

const isArray = (place: Place): string => `(${rankAt(place)} = ${RANK.array})`;

const valueOf = (place: Place): SqlValue => ({ type: typeAt(place), rank: rankAt(place), value: valueAt(place) });
