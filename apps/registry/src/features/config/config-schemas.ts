import { CONFIG_LAYERS, configDifferenceSchema } from '@signalbox/contracts';
import * as z from 'zod';

const layer = z.enum(CONFIG_LAYERS);
const problem = z.object({ path: z.string(), message: z.string() });

export const effectiveSchema = z.object({
  version: z.number().int().describe('0 until the first one is written'),
  time: z.string().optional(),
  who: z.string().optional(),
  cause: z.enum(['start', 'edit', 'rollback']).optional(),
  sources: z
    .array(
      z.object({
        source: layer,
        where: z.string(),
        state: z.enum(['ok', 'empty', 'refused', 'away']).describe('`refused`, `away`: what it said before holds'),
        problems: z.array(problem),
      }),
    )
    .describe('The weakest first'),
  values: z
    .array(
      z.object({
        path: z.string(),
        value: z.unknown(),
        source: z.union([layer, z.literal('built-in')]).describe('`built-in`: the default of the program'),
        where: z.string().optional(),
        needsRestart: z.literal(true).optional(),
      }),
    )
    .describe('Everything that is in force, by path; secrets are `***`'),
  problems: z.array(problem).describe('What is wrong and does not stop the rest'),
  needsRestart: z.array(z.string()).describe('Paths that have changed since the start and are read at the start only'),
});
export type EffectiveConfig = z.infer<typeof effectiveSchema>;

export const versionSchema = z.object({
  version: z.number().int(),
  time: z.string(),
  cause: z.enum(['start', 'edit', 'rollback']),
  sources: z.array(layer),
  who: z.string(),
  why: z.string().optional(),
  rolledBackTo: z.number().int().optional(),
  needsRestart: z.array(z.string()),
});
export type ConfigVersion = z.infer<typeof versionSchema>;

export const fullVersionSchema = versionSchema.extend({
  changes: z.array(configDifferenceSchema).describe('To the version before'),
  document: z.record(z.string(), z.unknown()).describe('As written in the sources, merged; secrets are `***`'),
});
export type FullConfigVersion = z.infer<typeof fullVersionSchema>;

export const versionsQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  before: z.coerce.number().int().min(1).optional(),
});
export type VersionsQuery = z.infer<typeof versionsQuerySchema>;

export const versionParameter = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

export const diffQuerySchema = z.strictObject({ from: versionParameter, to: versionParameter.optional() });
export type DiffQuery = z.infer<typeof diffQuerySchema>;

export const diffSchema = z.object({
  from: z.number().int(),
  to: z.number().int(),
  changes: z.array(configDifferenceSchema),
});
export type ConfigDiff = z.infer<typeof diffSchema>;

export const rollbackSchema = z.strictObject({
  version: z.number().int().min(1).describe('That is to be in force again'),
  who: z.string().trim().min(1).max(200).describe('Who wants it'),
  why: z.string().trim().min(1).max(2_000),
});
export type Rollback = z.infer<typeof rollbackSchema>;
