import { IdTelemetry } from '@signalbox/adapter-embedded';
import { newTraceparent, parseTraceparent, traceIdOf, type ExecutePart } from '@signalbox/contracts';
import type { ClientChannel } from '@signalbox/mcp';
import type { MessageBus } from '@signalbox/ports';
import { describe, expect, it } from 'vitest';
import { relayPart, type PartContext } from './relay-part.js';

function setUp(more: Partial<PartContext> = {}) {
  const told: [string, unknown][] = [];
  const asked: { _meta?: { traceparent?: string; own?: boolean } }[] = [];
  const sent: [string, unknown][] = [];
  const channel: ClientChannel = {
    notify: (method, params) => void told.push([method, params]),
    ask: async (method, params) => {
      if (params) asked.push(params);
      return { result: { asked: method } };
    },
    onCancelled: () => undefined,
  };
  // only what a relay uses of a bus
  const bus = {
    send: async (queue: string, { body }: { body: unknown }) => void sent.push([queue, body]),
  } as unknown as MessageBus;
  const context: PartContext = {
    ...{ bus, channel, requestId: 'r', clientToken: 'mine', logLevel: undefined },
    tracer: new IdTelemetry().tracer('gateway', 'gateway-1'),
    traceparent: newTraceparent(),
    ...more,
  };
  return { told, asked, sent, relay: (part: ExecutePart) => relayPart(part, context) };
}
const progress: ExecutePart = {
  kind: 'notification',
  method: 'notifications/progress',
  params: { progressToken: 'r', progress: 1, own: true },
};

describe('relayPart', () => {
  it('gives progress the token of the client, and keeps the rest', () => {
    const { told, relay } = setUp();
    relay(progress);
    expect(told).toEqual([['notifications/progress', { progressToken: 'mine', progress: 1, own: true }]]);
  });

  it('keeps a token that is 0', () => {
    const { told, relay } = setUp({ clientToken: 0 });
    relay(progress);
    expect(told).toHaveLength(1);
  });

  it('leaves out progress for a client that gave no token', () => {
    const { told, relay } = setUp({ clientToken: undefined });
    relay(progress);
    expect(told).toEqual([]);
  });

  it.each([
    [undefined, 'debug', true],
    ['warning', 'info', false],
    ['warning', 'warning', true],
    ['warning', 'emergency', true],
    ['warning', 'made-up', true],
  ])('with log level %s, %s: %s', (logLevel, level, expected) => {
    const { told, relay } = setUp({ logLevel });
    relay({ kind: 'notification', method: 'notifications/message', params: { level, data: 1 } });
    expect(told.length === 1).toBe(expected);
  });

  it('sends the answer to a question where it came from', async () => {
    const { sent, relay } = setUp();
    relay({ kind: 'request', id: 'q', inbox: 'box', method: 'roots/list' });
    await Promise.resolve();
    expect(sent).toEqual([['box', { kind: 'response', requestId: 'r', id: 'q', result: { asked: 'roots/list' } }]]);
  });

  const question = (params: object): ExecutePart => ({
    kind: 'request',
    id: 'q',
    inbox: 'box',
    method: 'sampling/createMessage',
    params,
  });

  it('passes on a question as it came where no spans are kept', () => {
    const { asked, relay } = setUp();
    const params = { maxTokens: 1, _meta: { own: true } };
    relay(question(params));
    expect(asked).toEqual([params]);
  });

  it.each([
    ['the request in which it is asked', undefined],
    ['the span that the server names', newTraceparent()],
  ])('asks the client in a span below %s, and says so in _meta', async (_name, own) => {
    const telemetry = new IdTelemetry({ keptTraces: 10 });
    const traceparent = newTraceparent();
    const { asked, relay } = setUp({ tracer: telemetry.tracer('gateway', 'gateway-1'), traceparent });
    relay(question({ _meta: { own: true, ...(own === undefined ? {} : { traceparent: own }) } }));
    await Promise.resolve();
    const [span, ...others] = telemetry.spansOf(traceIdOf(own ?? traceparent)!);
    expect(others).toEqual([]);
    expect(span).toMatchObject({
      name: 'sampling/createMessage',
      kind: 'client',
      parentSpanId: parseTraceparent(own ?? traceparent)!.spanId,
      attributes: { 'mcp.method.name': 'sampling/createMessage' },
      failure: undefined,
    });
    expect(asked[0]!._meta!.own).toBe(true);
    expect(parseTraceparent(asked[0]!._meta!.traceparent)!.spanId).toBe(span!.spanId);
  });

  it('answers a ping by itself', () => {
    const { sent, relay } = setUp();
    relay({ kind: 'request', id: 'q', inbox: 'box', method: 'ping' });
    expect(sent).toEqual([['box', { kind: 'response', requestId: 'r', id: 'q', result: {} }]]);
  });
});
