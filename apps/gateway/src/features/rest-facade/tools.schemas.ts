import * as z from 'zod';

export const listToolsSchema = z.strictObject({
  /** Only the tools of this server. */
  server: z.string().min(1).max(100).optional(),
  /** Words that must be in the name, the title or the description. */
  query: z.string().min(1).max(200).optional(),
  /** `next` of the page before. */
  cursor: z.string().min(1).max(1000).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
export type ListToolsQuery = z.infer<typeof listToolsSchema>;

export const toolNameSchema = z.string().min(1).max(200);

/**
 * The body of a call. `{"arguments": {…}, "timeoutMs"?: n}` when it has an object `arguments` and nothing else but
 * `timeoutMs`; any other object is the arguments themselves.
 */
export const callBodySchema = z
  .record(z.string(), z.unknown())
  .optional()
  .transform((body = {}, context): { arguments: Record<string, unknown>; timeoutMs?: number } => {
    const { arguments: wrapped, timeoutMs, ...others } = body;
    const isWrapped = typeof wrapped === 'object' && wrapped !== null && !Array.isArray(wrapped);
    if (!isWrapped || Object.keys(others).length > 0) return { arguments: body };
    if (timeoutMs === undefined) return { arguments: wrapped as Record<string, unknown> };
    if (typeof timeoutMs === 'number' && Number.isInteger(timeoutMs) && timeoutMs > 0) {
      return { arguments: wrapped as Record<string, unknown>, timeoutMs };
    }
    context.addIssue({ code: 'custom', path: ['timeoutMs'], message: 'must be a positive number of milliseconds' });
    return z.NEVER;
  });
export type CallBody = z.infer<typeof callBodySchema>;
