import * as z from 'zod';
import type { DocComments } from './doc-comments.js';

/** One key of the configuration file. */
export interface Setting {
  /** Dotted, from the root of the section: `sessions.idleMs`; `[]` is an element, `*` any key. */
  readonly path: string;
  readonly type: string;
  /** As JSON; undefined when there is none. */
  readonly default: string | undefined;
  /** What is allowed, beyond the type. */
  readonly allowed: string;
  readonly description: string;
  /** The number that bounds something, with its unit; undefined for what is no limit. */
  readonly limit: { readonly value: number; readonly unit: string } | undefined;
}

interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly additionalProperties?: Node | boolean;
  readonly anyOf?: readonly Node[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
}

/** Every key of a section, in the order of its schema. @param comments what the source says above each key */
export function settingsOf(schema: z.ZodType, comments: DocComments): Setting[] {
  return walk(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Node, '', comments);
}

function walk(node: Node, path: string, comments: DocComments): Setting[] {
  const children = Object.entries(node.properties ?? {});
  if (children.length > 0) return children.flatMap(([key, child]) => walk(child, join(path, key), comments));
  const of = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
  if (of?.properties) return walk(of, join(path, '*'), comments);
  const own = settingOf(node, path, comments);
  return node.items?.properties ? [own, ...walk(node.items, `${path}[]`, comments)] : [own];
}

function settingOf(node: Node, path: string, comments: DocComments): Setting {
  const name = path.split('.').at(-1)!;
  const isLimit = typeof node.default === 'number';
  return {
    path,
    type: typeOf(node),
    default: node.default === undefined ? undefined : JSON.stringify(node.default),
    allowed: allowedOf(node),
    description: comments.get(path.replaceAll('[]', '').replaceAll('*.', '')) ?? '',
    limit: isLimit ? { value: node.default as number, unit: unitOf(name) } : undefined,
  };
}

function typeOf(node: Node): string {
  if (node.enum) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (node.type === 'array') return `list of ${typeOf(node.items ?? {})}s`;
  return node.type === 'integer' ? 'number' : (node.type ?? 'any');
}

function allowedOf({ minimum, maximum }: Node): string {
  const bound = (value: number | undefined) => value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  if (bound(minimum) && bound(maximum)) return `${number(minimum!)} to ${number(maximum!)}`;
  return bound(minimum) ? `from ${number(minimum!)}` : '';
}

function unitOf(name: string): string {
  if (name.endsWith('Ms')) return 'ms';
  if (/bytes$/i.test(name)) return 'bytes';
  return name.endsWith('Length') ? 'characters' : 'count';
}

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

/** `1800000` as `1 800 000`. */
export const number = (value: number): string => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');
