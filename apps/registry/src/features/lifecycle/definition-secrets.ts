import { isTree, joinPath, maskConfig } from '@signalbox/contracts';
import type { ConfigProblem } from '@signalbox/ports';
import type { Redactor } from '@signalbox/runtime';
import { isDeepStrictEqual } from 'node:util';

const SECRET_NAME = /token|secret|passw|passphrase|api-?_?key|private-?_?key|credential|auth|cookie|session/i;

/**
 * Secrets that stand in a definition as they are. A definition of the API is kept in the log, where secrets never are: it
 * has to refer to environment variables of the executors instead.
 */
export function literalSecrets(name: string, entry: unknown, redactor: Redactor): ConfigProblem[] {
  const document = { mcpServers: { [name]: entry } };
  const found: string[] = [];
  compare(document, maskConfig(document), [], (path, value) => {
    if (!isHarmless(path, value, redactor)) found.push(joinPath('', path));
  });
  eachText(document, [], (path, text) => {
    if (redactor.redact(text) !== text) found.push(joinPath('', path));
  });
  return [...new Set(found)].map((path) => ({
    path,
    message:
      'looks like a secret, and definitions are kept in the log; write ${NAME}, and set that environment variable for the registry and the executors',
  }));
}

/** All values of `env` and `headers` are masked where they are shown; those of a plain name may still be kept. */
function isHarmless(path: readonly PropertyKey[], value: unknown, redactor: Redactor): boolean {
  const [map, key] = path.slice(-2);
  if (path.length !== 4 || (map !== 'env' && map !== 'headers')) return false;
  return !SECRET_NAME.test(String(key)) && isDeepStrictEqual(redactor.redact(value), value);
}

/** Calls `differs` for each leaf that is not the same in both. */
function compare(
  a: unknown,
  b: unknown,
  path: readonly PropertyKey[],
  differs: (path: readonly PropertyKey[], value: unknown) => void,
): void {
  if (Array.isArray(a) && Array.isArray(b)) return a.forEach((item, i) => compare(item, b[i], [...path, i], differs));
  if (!isTree(a) || !isTree(b)) {
    if (!isDeepStrictEqual(a, b)) differs(path, a);
    return;
  }
  for (const [key, value] of Object.entries(a)) compare(value, b[key], [...path, key], differs);
}

function eachText(
  value: unknown,
  path: readonly PropertyKey[],
  hear: (path: readonly PropertyKey[], text: string) => void,
): void {
  if (typeof value === 'string') hear(path, value);
  else if (Array.isArray(value)) value.forEach((item, i) => eachText(item, [...path, i], hear));
  else if (isTree(value)) for (const [key, item] of Object.entries(value)) eachText(item, [...path, key], hear);
}
