import { joinPath } from '@signalbox/contracts';
import { ConfigError, type ConfigProblem, type ConfigSource } from '@signalbox/ports';
import type * as z from 'zod';

/** Parses sections of the configuration with their defaults. They throw ConfigError naming each wrong value by its path. */
export type SectionChecks = Readonly<Record<string, (source: Pick<ConfigSource, 'section'>) => unknown>>;

/** @param schemas name of a section under `signalbox` → its schema */
export function sectionChecks(schemas: Readonly<Record<string, z.ZodType>>): SectionChecks {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      ({ section }: Pick<ConfigSource, 'section'>): unknown => {
        const parsed = schema.safeParse(section(name) ?? {});
        if (parsed.success) return parsed.data;
        const at = joinPath('signalbox', [name]);
        throw new ConfigError(parsed.error.issues.flatMap((issue) => problemsOf(issue, at, schema)));
      },
    ]),
  );
}

function problemsOf(issue: z.core.$ZodIssue, at: string, schema: z.ZodType): ConfigProblem[] {
  const path = joinPath(at, issue.path);
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  const known = keysAt(schema, issue.path);
  const hint = known.length > 0 ? `; known: ${known.join(', ')}` : '';
  return issue.keys.map((key) => ({ path: joinPath(path, [key]), message: `unknown key${hint}` }));
}

/** What may stand at a path of a schema that consists of objects. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const [key, ...rest] = path;
  const { shape, unwrap } = schema as z.ZodType & { shape?: Record<string, z.ZodType>; unwrap?: () => z.ZodType };
  if (shape === undefined) return unwrap === undefined ? [] : keysAt(unwrap.call(schema), path);
  if (key === undefined) return Object.keys(shape);
  return Object.hasOwn(shape, key) ? keysAt(shape[String(key)]!, rest) : [];
}
