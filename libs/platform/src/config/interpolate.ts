import type { ConfigProblem } from '@signalbox/ports';
import { joinPath } from './zod-problems.js';

type Environment = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/**
 * Replaces `${NAME}` and `${NAME:-default}` in every string of a value by environment variables.
 * As in a shell, the default also stands for an empty variable. A variable that is missing and has no default is a problem.
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
  return text.replace(REFERENCE, (_match, name: string, fallback: string | undefined) => {
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
