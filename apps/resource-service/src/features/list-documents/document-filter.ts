import { ProblemException } from '@signalbox/nest-kit';
import { FILTER_OPERATORS, type Filter } from '@signalbox/ports';
import type { ResourceServiceConfig } from '../../config.js';
import { fieldOf } from './document-fields.js';

type Limits = Pick<
  ResourceServiceConfig['lists'],
  'maxFilterLength' | 'maxConditions' | 'maxFilterDepth' | 'maxFilterValues'
>;

const COMPARISONS = FILTER_OPERATORS.filter((operator) => !['$and', '$or'].includes(operator));
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Turns the text of `?filter=` into a filter over stored documents: the subset of MongoDB's language that DESIGN section 6
 * allows. A bare value means `$eq`.
 * @throws ProblemException 400 that names the operator or field that is wrong, and what is allowed
 */
export function parseDocumentFilter(text: string, limits: Limits): Filter {
  if (text.length > limits.maxFilterLength) {
    throw refuse(`has ${text.length} characters; at most ${limits.maxFilterLength} are allowed`);
  }
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw refuse(`is not JSON: ${(error as Error).message}`);
  }
  return new FilterReader(limits).filter(raw, 1);
}

class FilterReader {
  #conditions = 0;

  constructor(private readonly limits: Limits) {}

  filter(raw: unknown, depth: number): Filter {
    if (!isObject(raw)) throw refuse('must be a JSON object, as in {"status":"open"}');
    this.#assertDepth(depth);
    const parts = Object.entries(raw).map(([name, value]): Filter => {
      if (name === '$and' || name === '$or') return { [name]: this.#list(name, value, depth) } as Filter;
      if (name.startsWith('$')) throw refuse(`${name} cannot stand here`, { operator: name, allowed: ['$and', '$or'] });
      const field = fieldOf(name);
      if (!field) throw refuse(`"${name}" is no field name; names are separated by dots and do not begin with $`);
      this.#count();
      return { [field]: this.#condition(name, value, depth) };
    });
    if (parts.length === 1) return parts[0]!;
    return parts.length === 0 ? {} : { $and: parts };
  }

  #list(operator: string, value: unknown, depth: number): Filter[] {
    if (!Array.isArray(value) || value.length === 0) throw refuse(`${operator} takes a list of filters`, { operator });
    return value.map((part) => this.filter(part, depth + 1));
  }

  #condition(name: string, value: unknown, depth: number): unknown {
    this.#assertDepth(depth);
    if (!isObject(value)) return value;
    const operators = Object.keys(value);
    const wrong = operators.find((operator) => !(COMPARISONS as string[]).includes(operator));
    if (operators.length === 0 || wrong !== undefined) {
      const what = wrong === undefined ? 'no operator' : `operator ${wrong}`;
      throw refuse(`field ${name}: ${what} is not allowed`, { operator: wrong ?? '', allowed: COMPARISONS });
    }
    return Object.fromEntries(
      Object.entries(value).map(([operator, operand]) => [operator, this.#operand(name, operator, operand, depth)]),
    );
  }

  #operand(name: string, operator: string, operand: unknown, depth: number): unknown {
    const where = `field ${name}: ${operator}`;
    switch (operator) {
      case '$in':
      case '$nin':
        if (!Array.isArray(operand)) throw refuse(`${where} takes a list of values`, { operator });
        if (operand.length > this.limits.maxFilterValues) {
          throw refuse(`${where} has ${operand.length} values; at most ${this.limits.maxFilterValues}`, { operator });
        }
        return operand;
      case '$exists':
        if (typeof operand !== 'boolean') throw refuse(`${where} takes true or false`, { operator });
        return operand;
      case '$not':
        if (!isObject(operand)) throw refuse(`${where} takes operators, as in {"$not":{"$gt":1}}`, { operator });
        this.#count();
        return this.#condition(name, operand, depth + 1);
      default:
        return operand;
    }
  }

  #count(): void {
    if (++this.#conditions > this.limits.maxConditions)
      throw refuse(`has more than ${this.limits.maxConditions} conditions`);
  }

  #assertDepth(depth: number): void {
    if (depth > this.limits.maxFilterDepth) throw refuse(`is nested deeper than ${this.limits.maxFilterDepth} levels`);
  }
}

function refuse(why: string, extra: object = {}): ProblemException {
  return new ProblemException(400, 'Bad Request', {
    detail: `filter ${why}`,
    errors: [{ path: 'filter', message: why }],
    allowed: FILTER_OPERATORS,
    ...extra,
  });
}
