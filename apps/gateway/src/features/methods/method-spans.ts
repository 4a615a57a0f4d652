import { newTraceparent } from '@signalbox/contracts';
import type { McpRequest, MethodHandler, MethodRouter, Outcome } from '@signalbox/mcp';
import type { Span, Tracer } from '@signalbox/ports';
import { failSpan } from '@signalbox/runtime';
import type { Caller } from '../../caller.js';

const MAX_TEXT = 256;

/**
 * Makes requests spans, by OpenTelemetry's conventions for MCP; what they lead to goes on from there. A tool call makes its own
 * span, which REST calls have too. Costs nothing where no spans are kept.
 */
export function traceMethods(router: MethodRouter<Caller>, tracer: Tracer): void {
  if (!tracer.records(newTraceparent())) return;
  router.useFor((method = '_OTHER') =>
    method === 'tools/call' ? undefined : (request, next) => traced(tracer, method, request, next),
  );
}

function traced(
  tracer: Tracer,
  method: string,
  request: McpRequest<Caller>,
  next: MethodHandler<Caller>,
): Outcome | Promise<Outcome> {
  const parent = request.traceparent;
  if (!tracer.records(parent)) return next(request);
  const span = tracer.startSpan(method, { kind: 'server', parent, attributes: attributesOf(method, request) });
  let outcome: Outcome | Promise<Outcome>;
  try {
    outcome = next({ ...request, traceparent: span.traceparent });
  } catch (error) {
    throw broken(span, error);
  }
  if (!(outcome instanceof Promise)) return ended(span, outcome);
  return outcome.then(
    (settled) => ended(span, settled),
    (error: unknown) => {
      throw broken(span, error);
    },
  );
}

function ended(span: Span, outcome: Outcome): Outcome {
  if ('error' in outcome) {
    const code = String(outcome.error.code);
    span.setAttribute('error.type', code);
    span.setAttribute('rpc.response.status_code', code);
    span.fail(outcome.error.message);
  }
  span.end();
  return outcome;
}

function broken(span: Span, error: unknown): unknown {
  failSpan(span, error);
  span.end();
  return error;
}

function attributesOf(method: string, { id, params, caller }: McpRequest<Caller>): Record<string, string> {
  const { sessionId, protocolVersion } = caller.client;
  const uri = params?.['uri'];
  const name = method === 'prompts/get' ? params?.['name'] : undefined;
  return {
    'mcp.method.name': method,
    'jsonrpc.request.id': String(id).slice(0, MAX_TEXT),
    'network.transport': 'tcp',
    ...(sessionId === undefined ? {} : { 'mcp.session.id': sessionId }),
    ...(protocolVersion === undefined ? {} : { 'mcp.protocol.version': protocolVersion }),
    ...(typeof uri === 'string' ? { 'mcp.resource.uri': uri.slice(0, MAX_TEXT) } : {}),
    ...(typeof name === 'string' ? { 'gen_ai.prompt.name': name.slice(0, MAX_TEXT) } : {}),
  };
}
