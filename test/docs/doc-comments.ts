import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** Dotted path of a key → what the comment above it says, in one line. */
export type DocComments = ReadonlyMap<string, string>;

/** The doc comments above the keys of the schema that a constant of a source file holds. */
export function docCommentsOf(file: string, constant: string): DocComments {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const found = new Map<string, string>();
  const collect = (node: ts.Node, path: string): void => {
    if (ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node)) {
      const own = path === '' ? node.name.getText() : `${path}.${node.name.getText()}`;
      const comment = commentOf(node, source);
      if (comment !== undefined) found.set(own, comment);
      node.forEachChild((child) => collect(child, own));
    } else {
      node.forEachChild((child) => collect(child, path));
    }
  };
  const declared = source.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => declarationList.declarations)
    .find(({ name }) => name.getText() === constant);
  if (!declared?.initializer) throw new Error(`${file} has no constant ${constant}`);
  collect(declared.initializer, '');
  return found;
}

function commentOf(node: ts.Node, source: ts.SourceFile): string | undefined {
  const range = ts.getLeadingCommentRanges(source.text, node.getFullStart())?.at(-1);
  const text = range && source.text.slice(range.pos, range.end);
  if (!text?.startsWith('/**')) return undefined;
  return text
    .slice(3, -2)
    .split('\n')
    .map((line) => line.replace(/^\s*\*\s?/, '').trim())
    .join(' ')
    .trim();
}

/** The value of a numeric constant of a source file, such as `4 * 1024 * 1024`. */
export function constantOf(file: string, constant: string): number {
  const text = readFileSync(file, 'utf8');
  const value = new RegExp(`\\b${constant}(?: =|:| \\?\\?) ([\\d_ */+().]+)(?: as const)?\\s*[;,}]`).exec(text)?.[1];
  if (value === undefined) throw new Error(`${file} has no number ${constant}`);
  return value
    .replaceAll('_', '')
    .split('*')
    .map((factor) => Number(factor.trim()))
    .reduce((product, factor) => product * factor, 1);
}
