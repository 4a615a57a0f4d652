import { newId, type ExecutePart, type ExecutorControl } from '@signalbox/contracts';
import type { ClientChannel, RpcOutcome } from '@signalbox/mcp';
import type { MessageBus, Tracer } from '@signalbox/ports';
import { startAskSpan } from './ask-span.js';
import { passesLevel } from './log-level.js';

export interface PartContext {
  readonly bus: MessageBus;
  readonly channel: ClientChannel;
  readonly requestId: string;
  /** The least severe log messages that the client wants; all when absent. */
  readonly logLevel: string | undefined;
  /** The progress token that the client gave; without one it wants no progress. */
  readonly clientToken: string | number | undefined;
  readonly tracer: Tracer;
  /** Of the request. */
  readonly traceparent: string;
}

/** Passes on to the client what comes from upstream while its request runs. */
export function relayPart(part: ExecutePart, context: PartContext): void {
  const { channel, clientToken } = context;
  const params = part.params as object | undefined;
  if (part.kind === 'request') return relayQuestion(part, context);
  if (part.method === 'notifications/message' && !passesLevel(levelOf(params), context.logLevel)) return;
  if (part.method !== 'notifications/progress') return channel.notify(part.method, params);
  if (clientToken !== undefined) channel.notify(part.method, { ...params, progressToken: clientToken });
}

function levelOf(params: object | undefined): unknown {
  return (params as { readonly level?: unknown } | undefined)?.level;
}

function relayQuestion(part: Extract<ExecutePart, { kind: 'request' }>, context: PartContext): void {
  // whether we are there is ours to say
  if (part.method === 'ping') return sendAnswer(context.bus, part.inbox, context.requestId, part.id, { result: {} });
  const { params, span } = startAskSpan(
    context.tracer,
    part.method,
    part.params as object | undefined,
    context.traceparent,
  );
  const { inbox, id, key } = part;
  const place = { inbox, id, requestId: context.requestId, ...(key === undefined ? {} : { key }) };
  void context.channel.ask(part.method, params, place).then((outcome) => {
    if ('error' in outcome) {
      span?.setAttribute('error.type', String(outcome.error.code));
      span?.fail(outcome.error.message);
    }
    span?.end();
    sendAnswer(context.bus, part.inbox, context.requestId, part.id, outcome);
  });
}

/** Sends the answer to a question of a server to the executor that holds the connection. */
export function sendAnswer(bus: MessageBus, inbox: string, requestId: string, id: string, outcome: RpcOutcome): void {
  const body: ExecutorControl = { kind: 'response', requestId, id, ...outcome };
  // when it cannot be sent, the server's own time-out ends its waiting
  bus.send(inbox, { id: newId(), type: 'response', body }).catch(() => undefined);
}
