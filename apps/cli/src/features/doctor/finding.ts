/** What one check has found. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'wrong';
  readonly found: string;
  /** What to do about it. */
  readonly todo?: string;
}

export const ok = (check: string, found: string): Finding => ({ check, state: 'ok', found });
export const warning = (check: string, found: string, todo: string): Finding => ({
  ...{ check, state: 'warning', found, todo },
});
export const wrong = (check: string, found: string, todo: string): Finding => ({
  ...{ check, state: 'wrong', found, todo },
});

const SIGNS = { ok: 'ok     ', warning: 'look at', wrong: 'WRONG  ' } as const;

/** What a person reads: a line per check, and below it what to do. */
export function findingLines(findings: readonly Finding[]): string[] {
  const width = Math.max(0, ...findings.map(({ check }) => check.length));
  const indent = ' '.repeat(SIGNS.ok.length + width + 4);
  return findings.flatMap(({ check, state, found, todo }) => [
    `${SIGNS[state]}  ${check.padEnd(width)}  ${found}`,
    ...(todo === undefined ? [] : [`${indent}→ ${todo}`]),
  ]);
}

/** The last line. */
export function verdict(findings: readonly Finding[]): string {
  const bad = findings.filter(({ state }) => state === 'wrong').length;
  if (bad === 0) return 'Nothing is wrong.';
  return bad === 1 ? 'One thing is wrong.' : `${bad} things are wrong.`;
}

/** The message of an error, or of the first one that it has in it. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== '') return error.message;
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : error.cause;
  return inner === undefined ? error.name : reasonOf(inner);
}
