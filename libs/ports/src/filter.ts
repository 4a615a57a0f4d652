import { FILTER_OPERATORS, InvalidFilterError, type Filter, type Query } from './read-models.js';

/** A filter in normal form: what every adapter translates, so that a filter means the same, and is refused alike, in all of them. */
export type FilterNode =
  | { readonly kind: 'and' | 'or'; readonly nodes: readonly FilterNode[] }
  | { readonly kind: 'not'; readonly node: FilterNode }
  | { readonly kind: 'exists'; readonly path: FieldPath }
  | { readonly kind: 'in'; readonly path: FieldPath; readonly values: readonly unknown[] }
  | {
      readonly kind: 'compare';
      readonly path: FieldPath;
      readonly operator: Comparison;
      readonly value: string | number | boolean;
    };

export type Comparison = '$gt' | '$gte' | '$lt' | '$lte';
export type FieldPath = readonly string[];

/** What a filter and a query may have at most. */
export const QUERY_LIMITS = {
  pathSegments: 8,
  pathLength: 200,
  filterDepth: 8,
  filterConditions: 100,
  listLength: 1_000,
  sortFields: 4,
  limit: 10_000,
  skip: 1_000_000,
} as const;

export const DEFAULT_LIMIT = 100;

/** @throws InvalidFilterError naming what is outside the subset, and what is allowed there */
export function parseFilter(filter: Filter): FilterNode {
  return new FilterParser().parse(filter, 1);
}

/**
 * Splits a dotted field path.
 * @throws InvalidFilterError
 */
export function parseFieldPath(path: string): FieldPath {
  const segments = path.split('.');
  const wellFormed =
    path.length <= QUERY_LIMITS.pathLength &&
    segments.length <= QUERY_LIMITS.pathSegments &&
    segments.every((segment) => /^[^$"'\\\p{Cc}][^"'\\\p{Cc}]*$/u.test(segment));
  if (wellFormed) return segments;
  throw new InvalidFilterError(
    `field ${JSON.stringify(path.slice(0, 220))} is not allowed: at most ${QUERY_LIMITS.pathSegments} names joined by dots, ` +
      `${QUERY_LIMITS.pathLength} characters; no name is empty, starts with $ or has quotes, backslashes or control characters`,
  );
}

/**
 * Fills in and checks the bounds of a page.
 * @throws InvalidFilterError
 */
export function parsePage(query: Query): {
  sort: readonly { path: FieldPath; direction: 1 | -1 }[];
  skip: number;
  limit: number;
} {
  const sort = Object.entries(query.sort ?? {}).map(([field, direction]) => {
    if (direction !== 1 && direction !== -1) {
      throw new InvalidFilterError(`sort by ${field} is ${JSON.stringify(direction)}; allowed: 1, -1`);
    }
    return { path: parseFieldPath(field), direction };
  });
  if (sort.length > QUERY_LIMITS.sortFields) {
    throw new InvalidFilterError(`sort has ${sort.length} fields; at most ${QUERY_LIMITS.sortFields}`);
  }
  return {
    sort,
    skip: within('skip', query.skip ?? 0, 0, QUERY_LIMITS.skip),
    limit: within('limit', query.limit ?? DEFAULT_LIMIT, 1, QUERY_LIMITS.limit),
  };
}

function within(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new InvalidFilterError(`${name} is ${value}; allowed: whole numbers from ${least} to ${most}`);
}

class FilterParser {
  private conditions = 0;

  parse(filter: unknown, depth: number): FilterNode {
    if (!isPlainObject(filter)) throw new InvalidFilterError(`a filter is an object, not ${show(filter)}`);
    if (depth > QUERY_LIMITS.filterDepth) {
      throw new InvalidFilterError(`the filter is nested deeper than ${QUERY_LIMITS.filterDepth}`);
    }
    return all(Object.entries(filter).map(([key, value]) => this.entry(key, value, depth)));
  }

  private entry(key: string, value: unknown, depth: number): FilterNode {
    if (key === '$and' || key === '$or') {
      if (!Array.isArray(value) || value.length === 0) {
        throw new InvalidFilterError(`${key} takes a list of at least one filter, not ${show(value)}`);
      }
      return { kind: key === '$and' ? 'and' : 'or', nodes: value.map((part) => this.parse(part, depth + 1)) };
    }
    if (key.startsWith('$')) throw unknownOperator(key, 'beside fields', ['$and', '$or']);
    return this.field(parseFieldPath(key), value, depth);
  }

  private field(path: FieldPath, value: unknown, depth: number): FilterNode {
    if (!isPlainObject(value) || !Object.keys(value).some((key) => key.startsWith('$'))) {
      return this.operator(path, '$eq', value, depth);
    }
    return all(Object.entries(value).map(([name, operand]) => this.operator(path, name, operand, depth)));
  }

  private operator(path: FieldPath, name: string, operand: unknown, depth: number): FilterNode {
    if (++this.conditions > QUERY_LIMITS.filterConditions) {
      throw new InvalidFilterError(`the filter has more than ${QUERY_LIMITS.filterConditions} conditions`);
    }
    switch (name) {
      case '$eq':
        return { kind: 'in', path, values: [jsonValue(name, operand)] };
      case '$ne':
        return { kind: 'not', node: { kind: 'in', path, values: [jsonValue(name, operand)] } };
      case '$in':
        return { kind: 'in', path, values: list(name, operand) };
      case '$nin':
        return { kind: 'not', node: { kind: 'in', path, values: list(name, operand) } };
      case '$gt':
      case '$gte':
      case '$lt':
      case '$lte':
        return { kind: 'compare', path, operator: name, value: scalar(name, operand) };
      case '$exists':
        if (typeof operand !== 'boolean') throw operandError(name, 'true or false', operand);
        return operand ? { kind: 'exists', path } : { kind: 'not', node: { kind: 'exists', path } };
      case '$not':
        if (depth >= QUERY_LIMITS.filterDepth || !isPlainObject(operand) || !isOperators(operand)) {
          throw operandError(name, `an object of operators, nested at most ${QUERY_LIMITS.filterDepth} deep`, operand);
        }
        return { kind: 'not', node: this.field(path, operand, depth + 1) };
      default:
        throw unknownOperator(name, `on field ${path.join('.')}`, FIELD_OPERATORS);
    }
  }
}

const FIELD_OPERATORS = FILTER_OPERATORS.filter((name) => name !== '$and' && name !== '$or');

function all(nodes: readonly FilterNode[]): FilterNode {
  return nodes.length === 1 ? nodes[0]! : { kind: 'and', nodes };
}

function list(name: string, operand: unknown): readonly unknown[] {
  if (!Array.isArray(operand) || operand.length > QUERY_LIMITS.listLength) {
    throw operandError(name, `a list of at most ${QUERY_LIMITS.listLength} values`, operand);
  }
  return operand.map((value) => jsonValue(name, value));
}

function scalar(name: string, operand: unknown): string | number | boolean {
  if (typeof operand === 'string' || typeof operand === 'boolean' || Number.isFinite(operand)) {
    return operand as string | number | boolean;
  }
  throw operandError(name, 'a string, a finite number, true or false', operand);
}

function jsonValue(name: string, value: unknown): unknown {
  if (!isJson(value)) throw operandError(name, 'a JSON value (dates are strings)', value);
  return value;
}

/** @param depth how much deeper it may nest */
function isJson(value: unknown, depth = 50): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.every((child) => isJson(child, depth - 1));
  if (!isPlainObject(value)) return false;
  return Object.entries(value).every(([key, child]) => !key.startsWith('$') && isJson(child, depth - 1));
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isOperators(value: Record<string, unknown>): boolean {
  const keys = Object.keys(value);
  return keys.length > 0 && keys.every((key) => key.startsWith('$'));
}

function unknownOperator(name: string, where: string, allowed: readonly string[]): InvalidFilterError {
  return new InvalidFilterError(`${name} is not allowed ${where}; allowed: ${allowed.join(', ')}`);
}

function operandError(name: string, allowed: string, operand: unknown): InvalidFilterError {
  return new InvalidFilterError(`${name} takes ${allowed}, not ${show(operand)}`);
}

function show(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint' || value === undefined) return String(value);
  if (value instanceof Date || value instanceof RegExp) return `a ${value.constructor.name}`;
  try {
    return (JSON.stringify(value) ?? typeof value).slice(0, 100);
  } catch {
    // nested too deep, or in itself
    return 'a value that is no JSON';
  }
}
