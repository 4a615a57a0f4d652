import { settableClock } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { ServerOutput } from './server-output.js';

const make = (limits = { maxLines: 3, maxLineChars: 20 }) =>
  new ServerOutput(limits, settableClock(0), (line) => line.replace('geheim', '***'));
const texts = (output: ServerOutput, after = 0, limit = 100) => output.read(after, limit).map(({ text }) => text);

describe('what a server writes', () => {
  it('becomes lines, however it is cut, each process for itself', () => {
    const output = make();
    output.add(Buffer.from('one\r\ntw'), 1);
    output.add(Buffer.from('other\n'), 2);
    output.add(Buffer.from('o\nthr'), 1);
    expect(output.read(0, 100)).toEqual([
      { n: 1, time: '1970-01-01T00:00:00.000Z', pid: 1, text: 'one' },
      { n: 2, time: '1970-01-01T00:00:00.000Z', pid: 2, text: 'other' },
      { n: 3, time: '1970-01-01T00:00:00.000Z', pid: 1, text: 'two' },
    ]);
  });

  it('is put together again where a character was cut', () => {
    const output = make();
    const bytes = Buffer.from('für\n');
    output.add(bytes.subarray(0, 2));
    output.add(bytes.subarray(2));
    expect(texts(output)).toEqual(['für']);
  });

  it('is bounded in lines and in the length of a line', () => {
    const output = make();
    for (let i = 1; i <= 50; i++) output.add(Buffer.from(`line ${i}\n`));
    expect(output.read(0, 100).length).toBeLessThanOrEqual(6);
    expect(texts(output, 0, 2)).toEqual(['line 49', 'line 50']);
    output.add(Buffer.from('x'.repeat(100)));
    output.add(Buffer.from('x'.repeat(100)));
    output.add(Buffer.from('\n'));
    expect(texts(output, 50)).toEqual([`${'x'.repeat(20)} …`]);
  });

  it('has what came after a line', () => {
    const output = make();
    output.add(Buffer.from('a\nb\nc\n'));
    expect(texts(output, 1)).toEqual(['b', 'c']);
    expect(texts(output, 3)).toEqual([]);
  });

  it('has no secrets in it, also none of several lines', () => {
    const output = make({ maxLines: 10, maxLineChars: 100 });
    output.add(
      Buffer.from('is geheim\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----\nend\n'),
    );
    expect(texts(output)).toEqual(['is ***', '-----BEGIN RSA PRIVATE KEY-----', 'end']);
  });
});
