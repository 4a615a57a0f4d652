import { describe, expect, it } from 'vitest';
import { QuietTimes } from './quiet.js';

const QUIET = 1_000;
const always = () => QUIET;

describe('quiet times', () => {
  it('let the first through, hold what comes again, and tell it at their end', () => {
    const quiet = new QuietTimes<string>();
    expect(quiet.take('a', 0, QUIET, 'one', 'e1')).toBe(true);
    expect(quiet.next).toBeUndefined();
    expect(quiet.take('a', 100, QUIET, 'two', 'e2')).toBe(false);
    expect(quiet.take('a', 200, QUIET, 'three', 'e3')).toBe(false);
    expect(quiet.take('b', 200, QUIET, 'other', 'e4')).toBe(true);
    expect(quiet.next).toBe(1_000);
    expect(quiet.due(999, always)).toEqual([]);
    expect(quiet.due(1_000, always)).toMatchObject([
      { key: 'a', held: 2, since: 100, last: 200, item: 'three', first: 'e2' },
    ]);
    // it goes on: the next quiet time has begun
    expect(quiet.take('a', 1_500, QUIET, 'four', 'e5')).toBe(false);
    expect(quiet.due(2_000, always)).toMatchObject([{ held: 1, since: 1_500, first: 'e5' }]);
  });

  it('end where nothing came again', () => {
    const quiet = new QuietTimes<string>();
    quiet.take('a', 0, QUIET, 'one', 'e1');
    expect(quiet.due(1_000, always)).toEqual([]);
    expect(quiet.take('a', 1_000, QUIET, 'two', 'e2')).toBe(true);
    expect(quiet.take('c', 0, 0, 'each', 'e3')).toBe(true);
    expect(quiet.take('c', 0, 0, 'each', 'e4')).toBe(true);
  });

  it('go on as they were from what was kept of them', () => {
    const quiet = new QuietTimes<string>();
    quiet.take('a', 0, QUIET, 'one', 'e1');
    quiet.take('a', 1, QUIET, 'two', 'e2');
    const again = new QuietTimes<string>(JSON.parse(JSON.stringify(quiet.windows())));
    expect(again.due(5_000, always)).toEqual(quiet.due(5_000, always));
  });

  it('are bounded, and give up first what holds nothing', () => {
    const quiet = new QuietTimes<number>([], 2);
    quiet.take('a', 0, QUIET, 1, 'e1');
    quiet.take('a', 1, QUIET, 1, 'e2');
    quiet.take('b', 0, QUIET, 2, 'e3');
    quiet.take('c', 0, QUIET, 3, 'e4');
    expect(quiet.windows().map(({ key }) => key)).toEqual(['a', 'c']);
  });
});
