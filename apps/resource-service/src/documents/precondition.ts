import { ProblemException } from '@signalbox/nest-kit';

/** What a condition header allows: any present version, or some. */
export type Precondition = '*' | ReadonlySet<string>;

const MAX_LENGTH = 2_000;
const ETAGS = /^\s*(?:W\/)?"[^"]*"\s*(?:,\s*(?:W\/)?"[^"]*"\s*)*$/;

export const etagOf = (version: number): string => `"v${version}"`;

/**
 * Reads `If-Match` or `If-None-Match` (RFC 9110, 13.1): `*`, or a list of entity tags. Weak tags keep their `W/`.
 * @throws ProblemException 400 that names the header and its form
 */
export function parsePrecondition(header: string, value: string | undefined): Precondition | undefined {
  if (value === undefined) return undefined;
  if (value.trim() === '*') return '*';
  if (value.length > MAX_LENGTH || !ETAGS.test(value)) {
    throw new ProblemException(400, 'Bad Request', {
      detail: `${header}: expected * or entity tags as in "v1", "v2"`,
      errors: [{ path: header, message: 'expected * or entity tags in double quotes' }],
    });
  }
  return new Set(value.match(/(?:W\/)?"[^"]*"/g));
}

/** Whether a present version meets `If-Match`. Compares strongly: a weak tag never matches. */
export function matches(condition: Precondition, version: number): boolean {
  return condition === '*' || condition.has(etagOf(version));
}

/** Whether a present version is one that `If-None-Match` names. Compares weakly. */
export function matchesWeakly(condition: Precondition, version: number): boolean {
  return matches(condition, version) || (condition !== '*' && condition.has(`W/${etagOf(version)}`));
}
