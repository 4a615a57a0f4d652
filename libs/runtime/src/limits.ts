import * as z from 'zod';

const milliseconds = (byDefault: number) => z.number().int().min(1).max(3_600_000).default(byDefault);
const count = (byDefault: number, max = 100_000) => z.number().int().min(1).max(max).default(byDefault);

/** Every bound of this library with its default; a service may take any part of it into its own configuration. */
export const runtimeLimitsSchema = z.strictObject({
  append: z
    .strictObject({
      /** Further tries, with the same commitId, when the store does not say whether a commit is stored. */
      retries: z.number().int().min(0).max(100).default(3),
      /** How long somebody waits for an append, tries included. */
      timeoutMs: milliseconds(2000),
      /** Commits of what has happened already that are kept, in memory, while the store is away. */
      maxKept: count(10_000, 1_000_000),
      /** Characters of their events' JSON text. */
      maxKeptBytes: count(64 * 1024 * 1024, 1024 * 1024 * 1024),
      /** Claim keys of one append. */
      maxClaims: count(16, 100),
    })
    .prefault({}),
  follow: z
    .strictObject({
      /** Commits per partition and round. */
      batch: count(256),
      /** Longest time between two looks at the log without a wake-up. */
      pollMs: milliseconds(1000),
      /** Shortest time between two rounds that nobody waits for. */
      coalesceMs: milliseconds(5),
    })
    .prefault({}),
  project: z
    .strictObject({
      coalesceMs: milliseconds(20),
      /** How often, at most, a checkpoint is stored that comes with no documents. */
      checkpointMs: milliseconds(1000),
    })
    .prefault({}),
  relay: z
    .strictObject({
      /** Events of one partition that are published without waiting for each other's confirmation. */
      window: count(128),
      /** How long a new checkpoint may wait to be stored. */
      checkpointMs: milliseconds(1000),
    })
    .prefault({}),
  backoff: z
    .strictObject({ minMs: milliseconds(50), maxMs: milliseconds(5000), factor: z.number().min(1).max(10).default(2) })
    .prefault({}),
  command: z.strictObject({ maxTries: count(5, 100) }).prefault({}),
  payload: z
    .strictObject({
      /** Payloads whose JSON text has more bytes become blobs. */
      inlineBytes: z
        .number()
        .int()
        .min(0)
        .max(512 * 1024)
        .default(64 * 1024),
      /** Payloads with more bytes of JSON text are refused. */
      maxBytes: count(64 * 1024 * 1024, 1024 * 1024 * 1024),
    })
    .prefault({}),
  trace: z
    .strictObject({
      /** Traces of one batch of a projection that get a span. */
      maxTraces: count(64),
      /** Age up to which a commit's trace gets further spans. */
      maxAgeMs: milliseconds(300_000),
    })
    .prefault({}),
  verify: z.strictObject({ /** Commits per read. */ batch: count(128, 10_000) }).prefault({}),
});

export type RuntimeLimits = z.infer<typeof runtimeLimitsSchema>;

export const RUNTIME_LIMITS: RuntimeLimits = runtimeLimitsSchema.parse({});
