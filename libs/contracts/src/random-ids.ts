const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));
const pool = new Uint8Array(4096);
let used = pool.length;
const seed = new Uint8Array(1024);
const pairs = new Array<string>(seed.length).fill('');
/** Random hex digits, of which those from `drawn` on are unused. */
let digits = '';
let drawn = 0;

/** Random digits, cut from a text that is made for many ids in one go: a digit at a time costs more than the rest of a span. */
function hex(length: number): string {
  if (drawn + length > digits.length) {
    globalThis.crypto.getRandomValues(seed);
    for (let i = 0; i < seed.length; i++) pairs[i] = HEX[seed[i]!]!;
    digits = pairs.join('');
    drawn = 0;
  }
  return digits.slice(drawn, (drawn += length));
}

/** A random number, 0 ≤ n < 1, in steps of 1/256: as good as its eight bits. */
export function randomUnit(): number {
  if (used === pool.length) {
    globalThis.crypto.getRandomValues(pool);
    used = 0;
  }
  return pool[used++]! / 256;
}

export const newTraceId = (): string => hex(32);
export const newSpanId = (): string => hex(16);
