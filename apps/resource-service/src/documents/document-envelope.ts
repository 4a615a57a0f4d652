import * as z from 'zod';
import type { DocumentState } from './document-state.js';

/** How a document is answered: what the service knows of it, and `document` exactly as it was written. */
export const documentEnvelopeSchema = z.object({
  collection: z.string(),
  id: z.string(),
  version: z.number().int(),
  createdAt: z.string().describe('RFC 3339'),
  updatedAt: z.string().describe('RFC 3339'),
  document: z.record(z.string(), z.unknown()),
});
export type DocumentEnvelope = z.infer<typeof documentEnvelopeSchema>;

export const answerSchema = z.object({ success: z.literal(true), data: documentEnvelopeSchema });
export type Answer = z.infer<typeof answerSchema>;

export function envelopeOf(state: DocumentState): DocumentEnvelope {
  const { collection, id, version, createdAt, updatedAt, document } = state;
  return { collection, id, version, createdAt, updatedAt, document: { ...document } };
}
