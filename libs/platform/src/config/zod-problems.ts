import { joinPath } from '@signalbox/contracts';
import type { ConfigProblem } from '@signalbox/ports';
import type * as z from 'zod';
import { suggestion } from './suggestion.js';

export { joinPath };

type Issue = z.core.$ZodIssue;

/**
 * Turns what zod found into problems named by path.
 * @param at path of the value that was checked; empty for the root
 * @param knownKeys what a misspelt key of the object at a path may have been meant to be
 */
export function problemsOf(
  issues: readonly Issue[],
  at: string,
  knownKeys: (path: readonly PropertyKey[]) => readonly string[] = () => [],
): ConfigProblem[] {
  return issues.flatMap((issue): ConfigProblem[] => {
    const path = joinPath(at, issue.path);
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({
      path: joinPath(path, [key]),
      message: `unknown key${suggestion(key, knownKeys(issue.path))}`,
    }));
  });
}
