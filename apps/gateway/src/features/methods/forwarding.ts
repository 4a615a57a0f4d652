import type { McpRequest, Outcome, Params } from '@signalbox/mcp';
import { parseTraceparent } from '@signalbox/contracts';
import type { Clock } from '@signalbox/ports';
import type { Caller } from '../../caller.js';
import { rpcErrorOf } from '../../errors.js';
import type { UpstreamForwarder } from '../forward/upstream-forwarder.js';

export interface ForwardingOptions {
  readonly forwarder: UpstreamForwarder;
  readonly clock: Clock;
  /** Milliseconds that a request to a server may take. */
  readonly deadlineMs: (server: string) => number;
  /** Hears of errors that nobody foresaw. */
  readonly unexpected: (error: unknown) => void;
}

/** Sends a request that is not a tool call to its server; failures of the way there become errors that say so. */
export async function forwardTo(
  server: string,
  params: Params,
  request: McpRequest<Caller>,
  { forwarder, clock, deadlineMs, unexpected }: ForwardingOptions,
): Promise<Outcome> {
  try {
    return await forwarder.forward({
      server,
      method: request.method,
      params,
      caller: request.caller,
      channel: request.channel,
      deadline: clock.now() + deadlineMs(server),
      // what came from outside and is none begins a new trace
      traceparent: parseTraceparent(request.traceparent) && request.traceparent,
    });
  } catch (error) {
    return { error: rpcErrorOf(error, server, unexpected) };
  }
}
