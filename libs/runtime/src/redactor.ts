import { BoundedMap } from './bounded-map.js';
import type { RedactionRules } from './redaction-rules.js';
import { TextScrubber } from './text-scrubber.js';

/** Where a value comes from, for the rules that name a path. */
export interface RedactionScope {
  readonly server?: string;
  readonly tool?: string;
  readonly part?: 'arguments' | 'result';
}

type Path = readonly string[];

const NO_PATHS: readonly Path[] = [];
const MAX_KEYS_REMEMBERED = 10_000;
const MAX_SCOPES_REMEMBERED = 10_000;

/** Replaces secrets in JSON values before they are written down. Never changes what it is given. */
export class Redactor {
  private readonly keys: ReadonlySet<string>;
  private readonly keyPatterns: readonly RegExp[];
  private readonly text: TextScrubber;
  private readonly secretKeys = new BoundedMap<string, boolean>(MAX_KEYS_REMEMBERED);
  private readonly pathsOfScope = new BoundedMap<string, readonly Path[]>(MAX_SCOPES_REMEMBERED);

  constructor(private readonly rules: RedactionRules) {
    this.keys = new Set(rules.keys.map(normaliseKey));
    this.keyPatterns = rules.keyPatterns.map((source) => new RegExp(source, 'i'));
    this.text = new TextScrubber(rules.valuePatterns, rules.replacement);
  }

  /**
   * @param value a JSON value
   * @param scope where it comes from; without it only path rules for any server and tool apply
   * @returns the same reference when nothing matched, else a copy that shares its untouched parts with `value`
   */
  redact(value: unknown, scope?: RedactionScope): unknown {
    if (!this.rules.enabled) return value;
    const clean = this.walk(value, this.rules.maxDepth);
    if (this.rules.paths.length === 0) return clean;
    return this.pathsFor(scope).reduce((result, path) => this.redactPath(result, path, 0), clean);
  }

  private walk(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.text.scrub(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth <= 0) return this.rules.replacement;
    return Array.isArray(value) ? this.walkArray(value, depth) : this.walkObject(value as JsonObject, depth);
  }

  private walkArray(values: readonly unknown[], depth: number): unknown {
    let copy: unknown[] | undefined;
    for (let i = 0; i < values.length; i++) {
      const clean = this.walk(values[i], depth - 1);
      if (clean !== values[i]) (copy ??= [...values])[i] = clean;
    }
    return copy ?? values;
  }

  private walkObject(object: JsonObject, depth: number): unknown {
    let copy: JsonObject | undefined;
    for (const key in object) {
      const value = object[key];
      const clean =
        this.isSecretKey(key) && hidesSomething(value) ? this.rules.replacement : this.walk(value, depth - 1);
      if (clean !== value) setOwn((copy ??= { ...object }), key, clean);
    }
    return copy ?? object;
  }

  private isSecretKey(key: string): boolean {
    const known = this.secretKeys.get(key);
    if (known !== undefined) return known;
    const secret = this.keys.has(normaliseKey(key)) || this.keyPatterns.some((pattern) => pattern.test(key));
    this.secretKeys.set(key, secret);
    return secret;
  }

  private pathsFor(scope: RedactionScope = {}): readonly Path[] {
    const { server, tool, part } = scope;
    const id = JSON.stringify([server, tool, part]);
    const known = this.pathsOfScope.get(id);
    if (known) return known;
    const matches = (rule: string, actual: string | undefined) => rule === '*' || rule === actual;
    const paths = this.rules.paths
      .filter((rule) => matches(rule.server, server) && matches(rule.tool, tool))
      .filter((rule) => rule.part === 'any' || part === undefined || rule.part === part)
      .map((rule) => rule.path.split('.'));
    const result = paths.length === 0 ? NO_PATHS : paths;
    this.pathsOfScope.set(id, result);
    return result;
  }

  private redactPath(value: unknown, path: Path, index: number): unknown {
    if (index === path.length) return value === undefined ? value : this.rules.replacement;
    if (typeof value !== 'object' || value === null) return value;
    const step = path[index]!;
    const keys = step === '*' ? Object.keys(value) : Object.hasOwn(value, step) ? [step] : [];
    let copy: JsonObject | undefined;
    for (const key of keys) {
      const child = (value as JsonObject)[key];
      const clean = this.redactPath(child, path, index + 1);
      if (clean === child) continue;
      copy ??= (Array.isArray(value) ? [...value] : { ...value }) as JsonObject;
      setOwn(copy, key, clean);
    }
    return copy ?? value;
  }
}

type JsonObject = Record<string, unknown>;

const normaliseKey = (key: string): string => key.toLowerCase().replace(/[-_]/g, '');

/** Whether a key is set says nothing that is secret; neither does a switch. */
const hidesSomething = (value: unknown): boolean =>
  value !== null && value !== undefined && typeof value !== 'boolean' && value !== '';

/** Assigning to `__proto__`, which JSON.parse makes an ordinary key, would change the prototype instead. */
function setOwn(object: JsonObject, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
