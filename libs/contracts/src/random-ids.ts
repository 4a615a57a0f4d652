const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));
const pool = new Uint8Array(4096);
let used = pool.length;

/** Random bytes as hex, drawn from a pool that is refilled in one call: getRandomValues per id costs more than the id. */
function hex(bytes: number): string {
  if (used + bytes > pool.length) {
    globalThis.crypto.getRandomValues(pool);
    used = 0;
  }
  let text = '';
  for (const end = used + bytes; used < end; used++) text += HEX[pool[used]!];
  return text;
}

/** A random number, 0 ≤ n < 1, in steps of 1/256: as good as its eight bits. */
export function randomUnit(): number {
  if (used === pool.length) {
    globalThis.crypto.getRandomValues(pool);
    used = 0;
  }
  return pool[used++]! / 256;
}

export const newTraceId = (): string => hex(16);
export const newSpanId = (): string => hex(8);
