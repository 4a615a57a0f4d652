import { compile, JSONPathNode, JSONPathQuery } from 'json-p3';
import * as z from 'zod';

/** Checks a JSONPath (RFC 9535) when the configuration is read. */
const path = z
  .string()
  .max(1_000)
  .superRefine((text, context) => {
    try {
      compile(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: `is no JSONPath (RFC 9535): ${(error as Error).message}` });
    }
  });
const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, 'must be the name of a header')
  .toLowerCase();

export const ruleSchema = z.union(
  [
    /** Gives what the path finds this value; names at its end are made where they are not there. */
    z.strictObject({ set: path, value: z.json(), unlessPresent: z.boolean().default(false) }),
    z.strictObject({ remove: path }),
    z.strictObject({ rename: path, to: z.string().min(1).max(200) }),
    /** Puts a header of the client's request into `_meta`, under this key. */
    z.strictObject({ header: headerName, meta: z.string().min(1).max(200) }),
  ],
  'must be {"set": path, "value": …}, {"remove": path}, {"rename": path, "to": name} or {"header": name, "meta": key}',
);
export type Rule = z.infer<typeof ruleSchema>;

/** That of `..` is another one. */
const ChildSegment = compile('$.a').segments[0]!.constructor;

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;
type Location = readonly (string | number)[];
/** Makes a JSON value another one; what it was given stays as it was. */
export type Rewrite = (value: unknown, headers: Headers) => unknown;

/** One function for all rules, in their order. */
export function compileRules(rules: readonly Rule[]): Rewrite {
  const steps = rules.map(compileRule);
  return (value, headers) => steps.reduce((current, step) => step(current, headers), value);
}

function compileRule(rule: Rule): Rewrite {
  if ('header' in rule) return fromHeader(rule);
  if ('set' in rule) return setAt(rule);
  const query = compile('remove' in rule ? rule.remove : rule.rename);
  // behind first: taking an element out of an array moves those behind it
  const found = (value: unknown): Location[] =>
    query
      .query((value ?? {}) as never)
      .locations()
      .toReversed();
  if ('remove' in rule) return (value) => found(value).reduce<unknown>((current, at) => edit(current, at, drop), value);
  const { to } = rule;
  return (value) =>
    found(value).reduce<unknown>((current, at) => edit(current, at, (parent, key) => rename(parent, key, to)), value);
}

/** The names at the end of a path are made where they are not there; what is before them has to be found. */
function setAt({ set, value: wanted, unlessPresent }: Extract<Rule, { set: string }>): Rewrite {
  const { environment, segments } = compile(set);
  const names = namesAtEnd(segments);
  const found = new JSONPathQuery(environment, segments.slice(0, segments.length - names.length));
  const target = compile(set);
  return (value) => {
    const present = unlessPresent ? new Set(target.query((value ?? {}) as never).paths()) : undefined;
    const places = found.query((value ?? {}) as never).locations();
    return places.reduce<unknown>((current, place) => {
      const at = [...place, ...names];
      if (at.length === 0) return unlessPresent ? current : wanted;
      if (present && present.has(pathOf(at))) return current;
      return edit(current, at, (parent, key) => put(parent, key, wanted));
    }, value);
  };
}

/** The normalized path (RFC 9535, 2.7), as json-p3 writes it. */
function pathOf(location: Location): string {
  return new JSONPathNode(null, [...location], null).getPath();
}

function fromHeader({ header, meta }: Extract<Rule, { header: string }>): Rewrite {
  return (value, headers) => {
    const found = headers[header];
    if (found === undefined) return value;
    const text = typeof found === 'string' ? found : found.join(', ');
    return edit(value, ['_meta', meta], (parent, key) => put(parent, key, text));
  };
}

function namesAtEnd(segments: JSONPathQuery['segments']): string[] {
  const names = segments.map(({ selectors, constructor }) => {
    const [selector, ...others] = selectors as unknown as readonly { readonly name?: unknown }[];
    const isChild = constructor === ChildSegment;
    return isChild && others.length === 0 && typeof selector?.name === 'string' ? selector.name : undefined;
  });
  const lastOther = names.lastIndexOf(undefined);
  return names.slice(lastOther + 1) as string[];
}

type Json = Readonly<Record<string, unknown>> | readonly unknown[];
type Edit = (parent: Json, key: string | number) => Json;

/** Copies what is on the way to a location, and has the innermost edited. What is on the way and no object is left alone. */
function edit(value: unknown, [key, ...rest]: Location, change: Edit): unknown {
  if (key === undefined) return value;
  const parent = value ?? {};
  if (typeof parent !== 'object') return value;
  if (rest.length === 0) return change(parent as Json, key);
  const child = Object.hasOwn(parent, key) ? (parent as Record<string | number, unknown>)[key] : undefined;
  const edited = edit(child, rest, change);
  return edited === child ? value : put(parent as Json, key, edited);
}

function put(parent: Json, key: string | number, value: unknown): Json {
  if (Array.isArray(parent)) return typeof key === 'number' ? parent.with(key, value) : parent;
  // a computed key is always an own property, __proto__ too
  return { ...(parent as object), [key]: value };
}

function drop(parent: Json, key: string | number): Json {
  if (Array.isArray(parent)) return parent.filter((_, index) => index !== key);
  return Object.fromEntries(Object.entries(parent).filter(([name]) => name !== key));
}

function rename(parent: Json, key: string | number, to: string): Json {
  if (Array.isArray(parent)) return parent;
  const others = Object.entries(parent).filter(([name]) => name !== to || name === key);
  return Object.fromEntries(others.map(([name, value]) => [name === key ? to : name, value]));
}
