import { namePattern, parseOptions } from '@signalbox/middleware';
import * as z from 'zod';

const MIB = 1024 * 1024;

const optionsSchema = z.strictObject({
  maxEntries: z.number().int().min(1).max(1_000_000).default(1_000),
  /** Of results as JSON, in characters. */
  maxBytes: z
    .number()
    .int()
    .min(1)
    .max(16 * 1024 * MIB)
    .default(64 * MIB),
  /** Larger results are not kept. */
  maxResultBytes: z
    .number()
    .int()
    .min(1)
    .max(1024 * MIB)
    .default(MIB),
  /** For resources and prompts whose server does not say how long they may be kept; 0: these are not kept. */
  ttlMs: z.number().int().min(0).max(86_400_000).default(0),
  /** Longest time, also when a server says more. */
  maxTtlMs: z.number().int().min(1).max(86_400_000).default(3_600_000),
  /** Names of tools whose results are kept, if they are of class `read`; `*` stands for any characters. None when absent. */
  tools: z.array(z.string().min(1).max(200)).max(1_000).default([]),
  /** For results of tools. */
  toolTtlMs: z.number().int().min(1).max(86_400_000).default(30_000),
});

export type CacheOptions = z.infer<typeof optionsSchema> & { readonly keepsTool: (name: string) => boolean };

/** @throws Error that names each wrong value by its path below `options` */
export function cacheOptions(given: unknown): CacheOptions {
  const options = parseOptions(optionsSchema, given);
  return { ...options, keepsTool: namePattern(options.tools) };
}
