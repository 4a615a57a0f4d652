import { oneLine } from '../../clean.js';

export interface Difference {
  readonly op: string;
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

export interface Version {
  readonly version: number;
  readonly time: string;
  readonly cause: string;
  readonly sources: readonly string[];
  readonly who: string;
  readonly why?: string;
  readonly needsRestart: readonly string[];
}

export interface Effective {
  readonly version: number;
  readonly sources: readonly { readonly source: string; readonly where: string; readonly state: string }[];
  readonly values: readonly {
    readonly path: string;
    readonly value: unknown;
    readonly source: string;
    readonly where?: string;
    readonly needsRestart?: true;
  }[];
  readonly problems: readonly { readonly path: string; readonly message: string }[];
}

const MAX_VALUE = 100;
const SIGNS: Readonly<Record<string, string>> = { add: '+', remove: '-' };

/** One line per path: `+` came, `-` went, `~` has another value. */
export function differenceLines(changes: readonly Difference[]): string[] {
  return changes.map(({ op, path, before, after }) => {
    const from = before === undefined ? '' : oneLine(before, MAX_VALUE);
    const to = after === undefined ? '' : oneLine(after, MAX_VALUE);
    const values = [from, to].filter((text) => text !== '').join(' → ');
    return `${SIGNS[op] ?? '~'} ${path}${values === '' ? '' : ` ${values}`}`;
  });
}

export function versionRows(versions: readonly Version[]): unknown[][] {
  return versions.map(({ version, time, cause, sources, who, why }) => [
    version,
    time,
    cause,
    sources.join(','),
    who,
    oneLine(why, MAX_VALUE),
  ]);
}

export function valueRows(values: Effective['values']): unknown[][] {
  return values.map(({ path, value, source, where, needsRestart }) => [
    path,
    oneLine(value, MAX_VALUE),
    where === undefined || source === 'default' ? source : `${source} ${where}`,
    needsRestart ? 'restart' : '',
  ]);
}
