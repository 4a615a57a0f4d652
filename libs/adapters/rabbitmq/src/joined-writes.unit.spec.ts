import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { joinWrites } from './joined-writes.js';

/** A stream that notes what reaches it, one entry for each call of the system. */
function noting(options: { highWaterMark?: number } = {}): { stream: Writable; calls: string[] } {
  const calls: string[] = [];
  const stream = new Writable({
    ...options,
    write(chunk: Buffer, _encoding, done) {
      calls.push(chunk.toString());
      done();
    },
    writev(chunks, done) {
      calls.push(chunks.map(({ chunk }) => String(chunk)).join(''));
      done();
    },
  });
  joinWrites(stream);
  return { stream, calls };
}

describe('joinWrites', () => {
  it('makes one call of the writes of one turn, in their order', async () => {
    const { stream, calls } = noting();
    for (const text of ['a', 'b', 'c']) stream.write(text);
    await turn();
    stream.write('d');
    await turn();
    expect(calls).toEqual(['abc', 'd']);
  });

  it('still says when there is no room, and when there is again', async () => {
    const { stream, calls } = noting({ highWaterMark: 4 });
    let drained = 0;
    stream.on('drain', () => drained++);
    expect(stream.write('ab')).toBe(true);
    expect(stream.write('cdef')).toBe(false);
    await turn();
    expect(drained).toBe(1);
    expect(stream.write('g')).toBe(true);
    await turn();
    expect(calls).toEqual(['abcdef', 'g']);
  });

  it('writes everything before the end', async () => {
    const { stream, calls } = noting();
    stream.write('a');
    stream.end('b');
    await turn();
    expect(calls.join('')).toBe('ab');
    expect(stream.writableFinished).toBe(true);
  });
});
