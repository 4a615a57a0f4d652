import type { ConfigSource } from '@signalbox/ports';
import * as z from 'zod';
import { mcpLimitsSchema } from '@signalbox/mcp-endpoint';

const ms = (fallback: number) => z.number().int().min(1).max(60_000).default(fallback);
const count = (fallback: number, max: number) => z.number().int().min(1).max(max).default(fallback);

export const resourceServiceConfigSchema = z.strictObject({
  documents: z
    .strictObject({
      /** JSON text of one document. Below the 1 MiB of a commit, so that a document always fits one. */
      maxBytes: count(768 * 1024, 960 * 1024),
      maxDepth: count(64, 500),
      /** How long a write waits, at most, for the lists to have it in them. */
      readYourWritesMs: ms(2_000),
    })
    .prefault({}),
  lists: z
    .strictObject({
      defaultPageSize: count(20, 1_000),
      maxPageSize: count(100, 1_000),
      /** Documents that may lie before a page. */
      maxSkip: count(100_000, 10_000_000),
      maxSortFields: count(5, 20),
      /** Characters of `filter`. */
      maxFilterLength: count(8_192, 65_536),
      /** Conditions in one filter. */
      maxConditions: count(100, 1_000),
      /** Levels of `$and`, `$or` and `$not` in one another. */
      maxFilterDepth: count(8, 32),
      /** Values of one `$in` or `$nin`. */
      maxFilterValues: count(500, 10_000),
    })
    .prefault({}),
  versions: z.strictObject({ defaultPageSize: count(100, 1_000), maxPageSize: count(1_000, 1_000) }).prefault({}),
  mcpResources: z
    .strictObject({
      pageSize: count(100, 1_000),
      /** Documents in the whole of `resources/list`. */
      maxListed: count(500, 10_000),
    })
    .prefault({}),
  mcp: mcpLimitsSchema,
});

export type ResourceServiceConfig = z.infer<typeof resourceServiceConfigSchema>;

/** The section `signalbox.resource-service` of the configuration file. @throws Error that names each wrong value by its path */
export function parseResourceServiceConfig(source: Pick<ConfigSource, 'section'>): ResourceServiceConfig {
  const parsed = resourceServiceConfigSchema.safeParse(source.section('resource-service') ?? {});
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${['signalbox.resource-service', ...path].join('.')}: ${message}`,
  );
  throw new Error(faults.join('; '));
}
