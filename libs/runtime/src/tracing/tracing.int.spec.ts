import { IdTelemetry, InProcessBus, SqliteEventStore, SqliteReadModels } from '@signalbox/adapter-embedded';
import {
  childTraceparent,
  createEvent,
  newId,
  newTraceparent,
  parseTraceparent,
  pinnedStream,
  traceIdOf,
  type CloudEvent,
} from '@signalbox/contracts';
import { ClaimConflictError, type EventStore, type FinishedSpan } from '@signalbox/ports';
import { waitFor } from '@signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestLog, type TestLog } from '../../test/test-log.js';
import { EventLog, type LogAppendRequest } from '../event-log.js';
import type { Projection } from '../projection.js';
import { ProjectionRunner } from '../projection-runner.js';
import { Relay } from '../relay.js';

let test: TestLog;
let telemetry: IdTelemetry;
beforeEach(async () => {
  test = await openTestLog();
  telemetry = new IdTelemetry({ keptTraces: 100 });
});
afterEach(() => test.close());

const spansOf = (traceparent: string): readonly FinishedSpan[] => telemetry.spansOf(traceIdOf(traceparent)!);
const spanIdOf = (traceparent: string | undefined): string => parseTraceparent(traceparent)!.spanId;
const logOf = (store: EventStore = test.store): EventLog =>
  new EventLog(store, {
    service: 'gateway',
    actor: 'gateway-1',
    tracer: telemetry.tracer('gateway', 'gateway-1'),
  });

async function append(traceparent: string | undefined, more: Partial<LogAppendRequest> = {}): Promise<string> {
  const stream = pinnedStream('session', 'gateway-1', newId());
  await logOf().append({
    stream,
    expectedVersion: 0,
    events: [createEvent('session.closed', { sessionId: stream, reason: 'idle' })],
    commitId: newId(),
    metadata: { correlationId: 'c', traceparent },
    ...more,
  });
  return stream;
}
const stored = async (stream: string): Promise<string | undefined> =>
  (await test.store.readStream(stream))[0]!.traceparent;

describe('an append', () => {
  it('is a client span of the trace, which the commit goes on with', async () => {
    const parent = newTraceparent();
    const stream = await append(parent);
    const [span, ...others] = spansOf(parent);
    expect(others).toEqual([]);
    expect(span).toMatchObject({
      name: 'append session',
      kind: 'client',
      parentSpanId: spanIdOf(parent),
      attributes: {
        'db.system.name': 'sqlite',
        'db.operation.name': 'append',
        'db.collection.name': 'commits',
        'signalbox.stream': stream,
        'signalbox.event.types': 'session.closed',
      },
      failure: undefined,
    });
    expect(spanIdOf(await stored(stream))).toBe(span!.spanId);
  });

  it('is none without a trace, and changes no traceparent where no spans are kept', async () => {
    expect(await stored(await append(undefined))).toBeUndefined();
    telemetry = new IdTelemetry();
    const parent = newTraceparent();
    expect(await stored(await append(parent))).toBe(parent);
  });

  it('that fails says why', async () => {
    await append(undefined, { claims: ['one'] });
    const parent = newTraceparent();
    await expect(append(parent, { claims: ['one'] })).rejects.toThrow(ClaimConflictError);
    expect(spansOf(parent)).toMatchObject([
      { attributes: { 'error.type': 'ClaimConflictError' }, failure: expect.stringContaining('one is claimed') },
    ]);
  });
});

describe('the relay', () => {
  it('publishes under a producer span, whose traceparent the message has; the event keeps its own', async () => {
    const bus = new InProcessBus();
    const readModels = await SqliteReadModels.open({ file: ':memory:' });
    const got: { traceparent: string | undefined; event: CloudEvent }[] = [];
    await bus.consume({ name: 'all', topics: ['#'] }, ({ traceparent, body }) => {
      got.push({ traceparent, event: body as CloudEvent });
    });
    const relay = new Relay(test.store, bus, readModels, {
      tracerFor: (actor) => telemetry.tracer(actor.replace(/-\d+$/, ''), actor),
    });
    relay.start();
    try {
      const parent = newTraceparent();
      const stream = await append(parent);
      await append(undefined);
      await waitFor(() => got.length === 2);
      await relay.caughtUp();
      const committed = await stored(stream);
      const [, span] = spansOf(parent);
      expect(spansOf(parent)).toHaveLength(2);
      expect(span).toMatchObject({
        service: 'gateway',
        instanceId: 'gateway-1',
        name: 'send mcp-events',
        kind: 'producer',
        parentSpanId: spanIdOf(committed),
        attributes: {
          'messaging.operation.type': 'send',
          'messaging.destination.name': 'mcp-events',
          'messaging.message.id': got[0]!.event.id,
          'signalbox.event.type': 'session.closed',
        },
      });
      expect(got[0]!.event.traceparent).toBe(committed);
      expect(spanIdOf(got[0]!.traceparent)).toBe(span!.spanId);
      expect(got[1]).toMatchObject({ traceparent: undefined });
    } finally {
      await relay.stop();
      await bus.close();
      await readModels.close();
    }
  });
});

describe('a projection', () => {
  const names: Projection = {
    name: 'names',
    types: ['session.*'],
    collections: ['names'],
    project: async (events) =>
      events.map(({ id }) => ({ op: 'put', collection: 'names', document: { _id: id } }) as const),
  };

  async function projected(run: () => Promise<void>, rebuild = false): Promise<void> {
    const readModels = await SqliteReadModels.open({ file: ':memory:' });
    const tracer = telemetry.tracer('monitor', 'monitor-1');
    const runner = new ProjectionRunner(test.store, readModels, names, { tracer });
    try {
      await run();
      runner.start();
      await runner.caughtUp();
      if (rebuild) await runner.rebuild();
    } finally {
      await runner.stop();
      await readModels.close();
    }
  }

  it('has one span of each trace in a batch, below the first commit of the trace, and none of a rebuild', async () => {
    const parents = [newTraceparent(), newTraceparent()];
    const first: (string | undefined)[] = [];
    await projected(async () => {
      for (const parent of parents) {
        first.push(await stored(await append(parent)));
        await append(childTraceparent(parent));
      }
      await append(undefined);
    }, true);
    for (const [index, parent] of parents.entries()) {
      const spans = spansOf(parent).filter(({ service }) => service === 'monitor');
      expect(spans).toMatchObject([
        {
          name: 'project names',
          kind: 'internal',
          parentSpanId: spanIdOf(first[index]),
          attributes: { 'signalbox.projection': 'names', 'signalbox.batch.commits': 5 },
          failure: undefined,
        },
      ]);
    }
  });

  it('says nothing of traces that are over', async () => {
    const parent = newTraceparent();
    await test.close();
    const longAgo = { now: () => Date.now() - 3_600_000 };
    const store = await SqliteEventStore.open(':memory:', { clock: longAgo });
    test = { ...test, store, close: () => store.close() };
    await projected(async () => void (await append(parent)));
    expect(spansOf(parent).map(({ service }) => service)).toEqual(['gateway']);
  });
});
