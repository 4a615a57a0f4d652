/** An argument of a tool that clients repeat in the header `Mcp-Param-<header>` (MCP 2026-07-28, `x-mcp-header`). */
export interface MirroredParam {
  /** As the tool's definition writes it; names of headers are compared without regard to case. */
  readonly header: string;
  /** Where it is in the arguments, by the names of properties. */
  readonly path: readonly string[];
  readonly type: string;
}

export type MirroredParams =
  | { readonly valid: true; readonly params: readonly MirroredParam[] }
  /** Clients leave the tool out of the list then. */
  | { readonly valid: false; readonly reason: string };

export const PARAM_HEADER_PREFIX = 'mcp-param-';

const KEY = 'x-mcp-header';
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TYPES = new Set(['string', 'integer', 'boolean']);
const MAX_DEPTH = 64;
const NONE: MirroredParams = { valid: true, params: [] };

/** Finds the mirrored arguments in the `inputSchema` of a tool. */
export function mirroredParams(inputSchema: unknown): MirroredParams {
  // nearly no tool has any, and a look at the text is cheaper than a walk
  if (typeof inputSchema !== 'object' || inputSchema === null) return NONE;
  if (!JSON.stringify(inputSchema).includes(`"${KEY}"`)) return NONE;
  const params: MirroredParam[] = [];
  const taken = new Set<string>();
  const reason = walk(inputSchema, [], true, 0, (param) => {
    const name = param.header.toLowerCase();
    if (taken.has(name)) return false;
    taken.add(name);
    params.push(param);
    return true;
  });
  return reason === undefined ? { valid: true, params } : { valid: false, reason };
}

/** The value that is mirrored, as the text that its header carries before encoding; undefined when there is no header for it. */
export function mirroredText(args: unknown, { path }: MirroredParam): string | undefined {
  let value: unknown = args;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : String(value);
}

function walk(
  node: unknown,
  path: readonly string[],
  reachable: boolean,
  depth: number,
  found: (param: MirroredParam) => boolean,
): string | undefined {
  if (typeof node !== 'object' || node === null) return undefined;
  if (depth > MAX_DEPTH) return `the schema is nested more than ${MAX_DEPTH} deep`;
  if (Array.isArray(node)) return firstFault(node, (item) => walk(item, path, false, depth + 1, found));
  const schema = node as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(schema, KEY)) {
    const fault = faultOf(schema, path, reachable) ?? take(schema, path, found);
    if (fault !== undefined) return `${path.join('.') || 'the root'}: ${fault}`;
  }
  return firstFault(Object.entries(schema), ([key, value]) => {
    // values of instances, not schemas
    if (key === 'const' || key === 'enum' || key === 'default' || key === 'examples') return undefined;
    if (key !== 'properties' || typeof value !== 'object' || value === null) {
      return walk(value, path, false, depth + 1, found);
    }
    return firstFault(Object.entries(value), ([name, property]) =>
      walk(property, [...path, name], reachable, depth + 1, found),
    );
  });
}

function take(
  schema: Readonly<Record<string, unknown>>,
  path: readonly string[],
  found: (param: MirroredParam) => boolean,
): string | undefined {
  const param = { header: schema[KEY] as string, path, type: schema['type'] as string };
  return found(param) ? undefined : `${KEY} "${param.header}" is there twice`;
}

function faultOf(
  schema: Readonly<Record<string, unknown>>,
  path: readonly string[],
  reachable: boolean,
): string | undefined {
  const { [KEY]: header, type } = schema;
  if (!reachable || path.length === 0) return `${KEY} is allowed only on what a chain of "properties" reaches`;
  if (typeof header !== 'string' || !TOKEN.test(header)) return `${KEY} must be a token of RFC 9110`;
  if (typeof type !== 'string' || !TYPES.has(type)) return `${KEY} is allowed only on a string, integer or boolean`;
  return undefined;
}

function firstFault<T>(items: readonly T[], check: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const fault = check(item);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
