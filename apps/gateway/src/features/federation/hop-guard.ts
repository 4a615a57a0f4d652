import { MAX_VIA, suiteOfScope, TIMEOUT, VIA, viaOf } from '@signalbox/contracts';
import { refusalOfHop } from '@signalbox/domain/federation';
import { ErrorCode, rpcError, type McpRequest, type MethodRouter, type Outcome } from '@signalbox/mcp';
import type { Caller } from '../../caller.js';
import { GatewayCode } from '../../errors.js';
import type { FederationSettings } from './federation-settings.js';
import type { Suite } from './suite.js';

/** What goes on to a server, and so perhaps to another suite. */
const GUARDED = [
  'tools/call',
  'prompts/get',
  'resources/read',
  'resources/subscribe',
  'completion/complete',
] as const satisfies readonly string[];

type Meta = Readonly<Record<string, unknown>> | null | undefined;

/** Refuses requests that have come through this suite already, or through too many; takes over the time that a peer gives. */
export function guardHops(router: MethodRouter<Caller>, suite: Suite, settings: FederationSettings): void {
  router.use((request, next) => {
    const from = suiteOfScope(request.caller.scope);
    const meta = request.params?.['_meta'] as Meta;
    // all but those of peers
    if (from === undefined && meta?.[VIA] === undefined) return next(request);
    const via = viaOf(request.params);
    if (via === undefined) {
      return {
        error: rpcError(ErrorCode.InvalidParams, `_meta["${VIA}"] must be a list of 1 to ${MAX_VIA} suite ids`),
      };
    }
    // a peer that does not name itself is named here
    const way = from === undefined || via.at(-1) === from ? via : [...via, from];
    const refusal = refused(way, suite.known, settings.now.maxHops);
    if (refusal) return refusal;
    return next(onTheWay(request, way, meta));
  }, GUARDED);
}

function refused(via: readonly string[], own: string | undefined, maxHops: number): Outcome | undefined {
  if (own === undefined) return undefined;
  const reason = refusalOfHop({ own, via, maxHops });
  if (reason === undefined) return undefined;
  const message = `Refused between suites: ${reason}`;
  return { error: rpcError(GatewayCode.Loop, message, { retryable: false, suite: own, via }) };
}

function onTheWay(request: McpRequest<Caller>, via: readonly string[], meta: Meta): McpRequest<Caller> {
  const params = { ...request.params, _meta: { ...meta, [VIA]: via } };
  const known = { ...request, params, caller: { ...request.caller, suites: via } };
  const given = meta?.[TIMEOUT];
  if (typeof given !== 'number' || !(given > 0)) return known;
  return { ...known, timeoutMs: Math.min(given, request.timeoutMs ?? Infinity) };
}
