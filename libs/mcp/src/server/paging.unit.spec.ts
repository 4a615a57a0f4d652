import { describe, expect, it } from 'vitest';
import { PagedList, readCursor, writeCursor } from './paging.js';

const list = (names: string[], size = 2): PagedList =>
  new PagedList(
    'tools',
    names.map((name) => ({ name, text: JSON.stringify({ name }) })),
    size,
  );

function walk(pages: PagedList): string[] {
  const names: string[] = [];
  let cursor: unknown;
  do {
    const page = JSON.parse(pages.page(cursor)!);
    names.push(...page.tools.map(({ name }: { name: string }) => name));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return names;
}

describe('PagedList', () => {
  it.each([0, 1, 2, 3, 4, 5])('gives each of %i items once', (count) => {
    const names = Array.from({ length: count }, (_, index) => `t${index}`);
    expect(walk(list(names))).toEqual(names);
  });

  it('goes on behind the last name when the list has changed', () => {
    const { nextCursor } = JSON.parse(list(['a', 'b', 'c']).page(undefined)!);
    expect(JSON.parse(list(['0', 'a', 'b', 'c']).page(nextCursor)!).tools).toEqual([{ name: 'c' }]);
    expect(JSON.parse(list(['a', 'c']).page(nextCursor)!).tools).toEqual([{ name: 'c' }]);
  });

  it.each(['', 'x', '!!!', Buffer.from('[1,2]').toString('base64url'), 7, {}])('refuses the cursor %j', (cursor) => {
    expect(list(['a']).page(cursor)).toBeUndefined();
  });

  it('reads what it writes', () => {
    expect(readCursor(writeCursor({ name: 'é__x', index: 3 }))).toEqual({ name: 'é__x', index: 3 });
  });
});
