import { OriginGuard, type OriginGuardOptions } from '@signalbox/mcp';
import type { RawRoute } from './raw-server.js';

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** Names that a service on a loopback address may be called by, and the setting they come from. */
export interface GuardOptions extends OriginGuardOptions {
  readonly setting?: string;
}

/**
 * Keeps web pages from using a service through a browser on the same machine: by DNS rebinding, or by a request from
 * another origin. On any other address the names under which a service is reached are not known here: what stands
 * before it decides.
 */
export function loopbackGuard(bind: string, { setting, ...names }: GuardOptions): RawRoute {
  if (!LOOPBACK.has(bind)) return () => false;
  const guard = new OriginGuard(names);
  const detail = `this Host or Origin is not served here; allowed: loopback names${setting ? `, and what ${setting} has` : ''}`;
  const text = JSON.stringify({ type: 'about:blank', title: 'Forbidden', status: 403, detail });
  return (request, response) => {
    if (guard.check(request.headers) === undefined) return false;
    response.writeHead(403, { 'content-type': 'application/problem+json; charset=utf-8' }).end(text);
    return true;
  };
}
