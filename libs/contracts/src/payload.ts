import * as z from 'zod';

/**
 * A JSON value in an event: inline, or the name of a blob when its JSON text is larger than the inline limit.
 * A blob is named by the SHA-256 of its bytes, so the hash chain covers it too.
 */
export const blobRefSchema = z.object({
  $blob: z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.number().int().nonnegative() }),
});
export type BlobRef = z.infer<typeof blobRefSchema>;

export const payloadSchema = z.unknown();

export function isBlobRef(value: unknown): value is BlobRef {
  return typeof value === 'object' && value !== null && '$blob' in value && blobRefSchema.safeParse(value).success;
}
