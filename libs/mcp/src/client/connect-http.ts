import type { HttpTarget } from '@signalbox/contracts';
import { AuthorizationError, UpstreamProtocolError } from './errors.js';
import { HttpUpstream } from './http/http-upstream.js';
import { discover, modernOf } from './modern/discover.js';
import { ModernUpstream } from './modern/modern-upstream.js';
import { SseUpstream } from './sse/sse-upstream.js';
import type { ConnectOptions, UpstreamConnection } from './upstream.js';

/** What a server answers at an address where the Streamable HTTP transport is not (2025-03-26 and later, backwards compatibility). */
const NOT_HERE = new Set([400, 404, 405]);

/** Reaches a server by its URL: as a modern one, else with a session, else over the transport of 2024-11-05. */
export async function connectHttp(target: HttpTarget, options: ConnectOptions): Promise<UpstreamConnection> {
  const deadline = Date.now() + (options.connectTimeoutMs ?? 15_000);
  const { era = 'auto', transport = target.transport } = options;
  if (transport === 'sse') return SseUpstream.connect(target, options, deadline);
  const modern = era === 'legacy' ? undefined : await connectModern(target, { ...options, era }, deadline);
  if (modern) return modern;
  try {
    return await HttpUpstream.connect(target, options, deadline);
  } catch (error) {
    const status = error instanceof UpstreamProtocolError ? error.status : undefined;
    if (transport !== undefined || status === undefined || !NOT_HERE.has(status)) throw error;
    // what the first transport was refused with says more, where the second is not there either
    return SseUpstream.connect(target, options, deadline).catch((refused) => {
      throw refused instanceof AuthorizationError ? refused : error;
    });
  }
}

async function connectModern(
  target: HttpTarget,
  options: ConnectOptions,
  deadline: number,
): Promise<UpstreamConnection | undefined> {
  const wire = HttpUpstream.wire(target, options);
  try {
    const initialize = modernOf(await discover(wire, options, { deadline }), options.era);
    if (initialize) {
      const upstream = new ModernUpstream(wire, options, initialize);
      if (options.listChanges === true) upstream.listenToLists();
      return upstream;
    }
    await wire.close('it speaks the legacy era');
    return undefined;
  } catch (error) {
    await wire.close(`start-up failed: ${(error as Error).message}`);
    throw error;
  }
}
