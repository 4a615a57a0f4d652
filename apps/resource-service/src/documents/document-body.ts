import { ProblemException } from '@signalbox/nest-kit';
import * as z from 'zod';
import type { ResourceServiceConfig } from '../config.js';
import { documentIdSchema } from './document-key.js';

/** A document as it comes in: any JSON object. */
export const documentBodySchema = z.record(z.string(), z.unknown(), { error: 'the body must be a JSON object' });
export type DocumentBody = z.infer<typeof documentBodySchema>;

/** @throws ProblemException 413 or 400 when the document is larger or deeper than is allowed */
export function assertStorable(body: DocumentBody, limits: ResourceServiceConfig['documents']): void {
  // depth first: serialising recurses
  if (isDeeper(body, limits.maxDepth)) {
    throw new ProblemException(400, 'Bad Request', {
      detail: `the document is nested deeper than ${limits.maxDepth} levels`,
    });
  }
  const bytes = Buffer.byteLength(JSON.stringify(body));
  if (bytes > limits.maxBytes) {
    throw new ProblemException(413, 'Payload Too Large', {
      detail: `the document has ${bytes} bytes; at most ${limits.maxBytes} are allowed`,
      maxBytes: limits.maxBytes,
    });
  }
}

/** The id that a document brings with it as its member `id`. @throws ProblemException 400 when it is none */
export function ownIdOf(body: DocumentBody): string | undefined {
  if (body['id'] === undefined) return undefined;
  const parsed = documentIdSchema.safeParse(body['id']);
  if (parsed.success) return parsed.data;
  const message = typeof body['id'] === 'string' ? parsed.error.issues[0]!.message : 'must be a string';
  throw new ProblemException(400, 'Bad Request', { detail: `id: ${message}`, errors: [{ path: 'id', message }] });
}

function isDeeper(value: unknown, maxDepth: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const containers = level.filter((item) => typeof item === 'object' && item !== null) as object[];
    if (containers.length > 0 && depth >= maxDepth) return true;
    level = containers.flatMap((item) => Object.values(item) as unknown[]);
  }
  return false;
}
