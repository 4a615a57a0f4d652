import { describe, expect, it } from 'vitest';
import { constantOf } from './doc-comments.js';
import { expectDocument, readDocument, rowsOf, table, writtenIn } from './document.js';
import { SECTIONS } from './sections.js';
import { number } from './settings.js';

const FILE = 'docs/limits.md';
const HEADS = ['setting', 'default', 'unit', 'at the bound'];
const FIXED = /<!-- fixed -->\n([\s\S]*?)<!-- end of fixed -->/;

/** What happens at each bound is written by hand, in the document itself; all else of a row comes from the schema. */
describe('docs/limits.md', () => {
  it('has every limit that can be configured, as the schemas have it', async () => {
    const parts = SECTIONS.map(({ name, settings }): [string, string] => {
      const limits = settings.filter(({ limit }) => limit !== undefined);
      const rows = limits.map(({ path, limit }) => {
        const setting = `\`${path}\``;
        return [setting, number(limit!.value), limit!.unit, writtenIn(FILE, name, setting, 3)];
      });
      return [name, table(HEADS, rows)];
    });
    await expectDocument(FILE, new Map(parts.filter(([, text]) => text.split('\n').length > 2)));
  });

  it('says of each what happens at the bound', () => {
    const silent = rowsOf(readDocument(FILE)).filter((row) => row.some((cell) => cell === ''));
    expect(silent.map(([setting]) => setting)).toEqual([]);
  });

  it('has the fixed ones as the code has them', () => {
    const rows = rowsOf(FIXED.exec(readDocument(FILE))![1]!).slice(1);
    expect(rows.length).toBeGreaterThan(20);
    for (const [what, value, , , where] of rows) {
      const [file, constant] = where!.replaceAll('`', '').split('#');
      expect(`${what}: ${number(constantOf(file!, constant!))}`).toBe(`${what}: ${value}`);
    }
  });
});
