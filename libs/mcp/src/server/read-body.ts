import type { IncomingMessage } from 'node:http';

export type BodyResult =
  { readonly ok: true; readonly body: Buffer } | { readonly ok: false; readonly reason: 'too-large' | 'aborted' };

/**
 * Reads the body of a request. Calls back once: with the body, or as soon as more than `limit` bytes are announced or have come.
 * @param limit bytes
 */
export function readBody(request: IncomingMessage, limit: number, done: (result: BodyResult) => void): void {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) {
    request.resume();
    return done({ ok: false, reason: 'too-large' });
  }
  const chunks: Buffer[] = [];
  let size = 0;
  let settled = false;
  const settle = (result: BodyResult): void => {
    if (settled) return;
    settled = true;
    done(result);
  };
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > limit) settle({ ok: false, reason: 'too-large' });
    else if (!settled) chunks.push(chunk);
  });
  request.on('end', () => settle({ ok: true, body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size) }));
  request.on('close', () => settle({ ok: false, reason: 'aborted' }));
}
