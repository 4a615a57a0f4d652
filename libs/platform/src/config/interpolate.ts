import { readFileSync, statSync } from 'node:fs';
import type { ConfigProblem } from '@signalbox/ports';
import { joinPath } from './zod-problems.js';

type Environment = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$\{(?:(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?|file:([^}]+))\}/g;
/** Bytes of a file that holds a secret. */
const MAX_FILE = 64 * 1024;

/**
 * Replaces `${NAME}` (or `${env:NAME}`) and `${NAME:-default}` in every string of a value by environment variables, and
 * `${file:/path}` by what is in a file, without the line break at its end. As in a shell, the default also stands for an
 * empty variable. A variable that is missing and has no default is a problem, and so is a file that cannot be read.
 */
export function interpolate(value: unknown, env: Environment, at: string, problems: ConfigProblem[]): unknown {
  if (typeof value === 'string') return interpolateText(value, env, at, problems);
  if (Array.isArray(value)) return value.map((item, index) => interpolate(item, env, joinPath(at, [index]), problems));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, interpolate(item, env, joinPath(at, [key]), problems)]),
    );
  }
  return value;
}

function interpolateText(text: string, env: Environment, at: string, problems: ConfigProblem[]): string {
  return text.replace(REFERENCE, (_match, name: string | undefined, fallback: string | undefined, path: string) => {
    if (name === undefined) return readSecret(path, at, problems);
    const found = env[name];
    if (found !== undefined && (found !== '' || fallback === undefined)) return found;
    if (fallback !== undefined) return fallback;
    problems.push({
      path: at,
      message: `environment variable ${name} is not set; set it or write \${${name}:-default}`,
    });
    return '';
  });
}

function readSecret(path: string, at: string, problems: ConfigProblem[]): string {
  try {
    const { size } = statSync(path);
    if (size <= MAX_FILE) return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    problems.push({ path: at, message: `${path} has ${size} bytes; at most ${MAX_FILE} are read` });
  } catch (error) {
    problems.push({ path: at, message: `${path} cannot be read: ${(error as NodeJS.ErrnoException).code}` });
  }
  return '';
}
