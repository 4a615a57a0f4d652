import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as prettier from 'prettier';
import { expect } from 'vitest';

const root = join(import.meta.dirname, '../..');
const MARK = /<!-- generated: ([\w.<>-]+) -->\n[\s\S]*?<!-- end -->/g;

export const readDocument = (file: string): string =>
  existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : '';

/**
 * Expects that the generated parts of a document, `<!-- generated: NAME -->` to `<!-- end -->`, are what `parts` says.
 * `npm run docs` writes them anew.
 */
export async function expectDocument(file: string, parts: ReadonlyMap<string, string>): Promise<void> {
  const used = new Set<string>();
  const text = readDocument(file).replace(MARK, (_whole, name: string) => {
    const part = parts.get(name);
    if (part === undefined) throw new Error(`${file}: nothing is generated for ${name}`);
    used.add(name);
    return `<!-- generated: ${name} -->\n\n${part}\n\n<!-- end -->`;
  });
  expect([...parts.keys()].filter((name) => !used.has(name))).toEqual([]);
  const config = await prettier.resolveConfig(join(root, file));
  const formatted = await prettier.format(text, { ...config, parser: 'markdown' });
  await expect(formatted).toMatchFileSnapshot(join(root, file));
}

/** A Markdown table. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Rows of the tables of a text, as cells without the heads. */
export function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[ :-]+\|/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replaceAll('\\|', '|')),
    );
}

/** What a person wrote into a column of a generated table: the generator keeps it. Empty where there is no such row. */
export function writtenIn(file: string, part: string, key: string, column: number): string {
  const [, text = ''] = readDocument(file).split(`<!-- generated: ${part} -->`);
  return rowsOf(text.split('<!-- end -->')[0]!).find(([first]) => first === key)?.[column] ?? '';
}
