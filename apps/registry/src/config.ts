import type { ConfigSource } from '@signalbox/ports';
import * as z from 'zod';
import { mcpLimitsSchema } from '@signalbox/mcp-endpoint';

const ms = (fallback: number) => z.number().int().min(1).max(3_600_000).default(fallback);
const count = (fallback: number, max: number) => z.number().int().min(1).max(max).default(fallback);

export const registryConfigSchema = z.strictObject({
  services: z
    .strictObject({
      /** Instances that may be registered at a time. */
      maxInstances: count(10_000, 10_000),
      /** Time between two looks for new service names, for directories that do not write to the log. */
      refreshMs: ms(5_000),
    })
    .prefault({}),
  /** `/services/:serviceName/watch`. */
  watch: z
    .strictObject({
      maxWatchers: count(200, 10_000),
      keepAliveMs: ms(15_000),
    })
    .prefault({}),
  servers: z
    .strictObject({
      /** Longest time at start for the view of the servers to reach the end of the log. */
      catchUpMs: ms(10_000),
    })
    .prefault({}),
  cluster: z
    .strictObject({
      /** Longest time for a command to an instance to be done, unless the command says another. */
      commandTimeoutMs: ms(60_000),
    })
    .prefault({}),
  /** Queries with `asOf`, which read the log from its beginning. */
  asOf: z
    .strictObject({
      /** Events that one query may read. */
      maxEvents: count(200_000, 10_000_000),
      /** Queries at a time. */
      parallel: count(2, 100),
    })
    .prefault({}),
  mcp: mcpLimitsSchema,
});

export type RegistryConfig = z.infer<typeof registryConfigSchema>;

/** The section `signalbox.registry` of the configuration file. @throws Error that names each wrong value by its path */
export function parseRegistryConfig(source: Pick<ConfigSource, 'section'>): RegistryConfig {
  const parsed = registryConfigSchema.safeParse(source.section('registry') ?? {});
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${['signalbox.registry', ...path].join('.')}: ${message}`,
  );
  throw new Error(faults.join('; '));
}
