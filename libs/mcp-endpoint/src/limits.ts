import * as z from 'zod';

const ms = (fallback: number) => z.number().int().min(1).max(86_400_000).default(fallback);
const count = (fallback: number, max: number) => z.number().int().min(1).max(max).default(fallback);

/** Bounds of an MCP endpoint. Times in milliseconds. */
export const mcpLimitsSchema = z
  .strictObject({
    maxSessions: count(1_000, 100_000),
    /** A session that nothing was asked in and no stream is open for is closed after this time. */
    sessionIdleMs: ms(1_800_000),
    sweepMs: ms(30_000),
    maxSubscriptionsPerSession: count(1_000, 100_000),
    maxBodyBytes: count(1_048_576, 16_777_216),
    keepAliveMs: ms(15_000),
    /** Changes of one resource within this time make one notification. */
    coalesceMs: ms(50),
    /** Least time between two `list_changed` of one session: who hears one reads all pages again. */
    listChangedMs: ms(1_000),
    /** Further host names that clients may use beside the loopback ones; checked on a loopback address, or when given. */
    allowedHosts: z.array(z.string().min(1)).max(100).default([]),
  })
  .prefault({});
export type McpLimits = z.infer<typeof mcpLimitsSchema>;
