import { readFileSync } from 'node:fs';
import { getNodeValue, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import type { ConfigProblem } from '@signalbox/ports';
import { ConfigError } from './config-error.js';
import { joinPath } from './zod-problems.js';

export interface ConfigDocument {
  readonly value: Readonly<Record<string, unknown>>;
  /** Keys that stand twice in one object; the last one counts, as in every JSON parser. */
  readonly duplicates: readonly ConfigProblem[];
}

const MAX_BYTES = 1024 * 1024;

/** Reads a configuration file. @throws ConfigError when it cannot be read, is too large or is no JSON object */
export function readConfigFile(path: string): ConfigDocument {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError([{ path, message: `cannot be read: ${(error as Error).message}` }]);
  }
  if (Buffer.byteLength(text) > MAX_BYTES)
    throw new ConfigError([{ path, message: `is larger than ${MAX_BYTES} bytes` }]);
  return parseConfigText(text.replace(/^\uFEFF/, ''), path);
}

/**
 * Parses JSON with comments and trailing commas.
 * @param path names the file in errors: `signalbox.json:3:14`
 */
export function parseConfigText(text: string, path: string): ConfigDocument {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  if (errors.length > 0 || root === undefined) {
    const found = errors.length > 0 ? errors : [{ error: 4, offset: 0, length: 0 } as ParseError];
    throw new ConfigError(
      found.slice(0, 5).map((error) => ({
        path: `${path}:${lineAndColumn(text, error.offset)}`,
        message: `is not JSON: ${words(printParseErrorCode(error.error))}`,
      })),
    );
  }
  if (root.type !== 'object') throw new ConfigError([{ path, message: `must be a JSON object, is ${root.type}` }]);
  const duplicates: ConfigProblem[] = [];
  collectDuplicates(root, '', text, duplicates);
  return { value: getNodeValue(root) as Record<string, unknown>, duplicates };
}

function collectDuplicates(node: Node, at: string, text: string, found: ConfigProblem[]): void {
  const seen = new Set<string>();
  for (const [index, child] of (node.children ?? []).entries()) {
    if (node.type === 'array') {
      collectDuplicates(child, joinPath(at, [index]), text, found);
      continue;
    }
    const [key, value] = child.children ?? [];
    if (key === undefined) continue;
    const path = joinPath(at, [String(key.value)]);
    if (seen.has(path)) {
      found.push({ path, message: `stands twice; the one at ${lineAndColumn(text, key.offset)} (line:column) counts` });
    }
    seen.add(path);
    if (value !== undefined) collectDuplicates(value, path, text, found);
  }
}

function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return `${line}:${offset - before.lastIndexOf('\n')}`;
}

/** `CommaExpected` → `comma expected` */
function words(code: string): string {
  return code.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}
