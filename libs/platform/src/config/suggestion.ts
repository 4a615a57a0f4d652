import { closest, distance } from 'fastest-levenshtein';

/** `; did you mean "pool"? Known: pool, deadlineMs` — the guess only when it is near, the list only when there is one. */
export function suggestion(wrong: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  const best = closest(wrong.toLowerCase(), [...known]);
  const near = distance(wrong.toLowerCase(), best.toLowerCase()) <= Math.max(2, Math.floor(best.length / 2));
  return `${near ? `; did you mean "${best}"?` : ';'} Known: ${known.join(', ')}`;
}
