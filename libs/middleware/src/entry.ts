import * as z from 'zod';

/** One middleware of `signalbox.middleware`. */
export const middlewareEntrySchema = z.strictObject({
  /** Path of an ES module, relative to the configuration file, or one that is built in: `signalbox:transform`, `signalbox:log`, `signalbox:cache`. */
  module: z.string().min(1).max(1_000),
  /** What it is called in errors and logs; the module when absent. */
  name: z.string().min(1).max(100).optional(),
  /** Before all servers, where clients' requests arrive, or right in front of each server. */
  at: z.enum(['gateway', 'executor']).default('gateway'),
  /** Methods it is for; `*` stands for any characters: `tools/*`, `notifications/*`. */
  methods: z
    .array(z.string().regex(/^[A-Za-z0-9_$/.*-]{1,100}$/, 'must be a method, or a pattern such as tools/*'))
    .min(1)
    .max(100)
    .default(['*']),
  /** Requests meet the lowest first, responses and notifications the highest; equal ones in the order of the file. */
  order: z.number().int().min(-1_000_000).max(1_000_000).default(0),
  /** How long each of its functions may take. */
  timeoutMs: z.number().int().min(1).max(600_000).default(5_000),
  /** Whether it is used. */
  enabled: z.boolean().default(true),
  /** What the module is given; each has its own. */
  options: z.unknown().optional(),
});
export type MiddlewareEntry = z.infer<typeof middlewareEntrySchema>;

/** `signalbox.middleware` of the configuration file. */
export const middlewareSchema = z.array(middlewareEntrySchema).max(100).default([]);

/** @throws Error that names each wrong value by its path and what is allowed */
export function parseMiddleware(section: unknown): MiddlewareEntry[] {
  const parsed = middlewareSchema.safeParse(section);
  if (parsed.success) return parsed.data;
  throw new Error(parsed.error.issues.map((issue) => `${pathOf(issue.path)}: ${issue.message}`).join('; '));
}

/** `signalbox.middleware[0].methods[1]` */
export function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}.${String(key)}`),
    'signalbox.middleware',
  );
}

/** Options of a built-in middleware. @throws Error that names each wrong value by its path below `options` */
export function parseOptions<S extends z.ZodType>(schema: S, options: unknown): z.infer<S> {
  const parsed = schema.safeParse(options ?? {});
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => {
    const at = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
    return `options${at}: ${message}`;
  });
  throw new Error(faults.join('; '));
}
