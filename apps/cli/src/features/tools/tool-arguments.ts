import { CliError, EXIT } from '../../exit-codes.js';
import { jsonObject, pairs } from '../../kit.js';

/**
 * The arguments of a call from its command line: an object, and single ones over it. A value that is JSON is taken as that
 * (`n=3`, `on=true`, `list=[1]`), and any other as text; `n="3"` is the text 3.
 * @throws CliError
 */
export function toolArguments(
  object: string | undefined,
  single: readonly string[] | undefined,
): Record<string, unknown> {
  const given = object === undefined ? {} : jsonObject(object, '--args');
  const texts = pairs(single, '--arg');
  const parsed = Object.entries(texts).map(([name, text]) => [name, valueOf(text)] as const);
  return { ...given, ...Object.fromEntries(parsed) };
}

function valueOf(text: string): unknown {
  if (!/^(-?\d|["[{]|true$|false$|null$)/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** `--json` of a call: an object is its arguments, alone it asks for JSON. @throws CliError for anything else, such as the tool's name */
export function jsonOption(value: string | true | undefined): { json: boolean; object?: string } {
  if (value === undefined) return { json: false };
  if (value === true) return { json: true };
  if (value.trimStart().startsWith('{')) return { json: false, object: value };
  throw new CliError(`--json: "${value}" is no JSON object; write --json behind the name of the tool`, EXIT.usage);
}
