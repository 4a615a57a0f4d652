import { newTraceparent, parseTraceparent } from '@signalbox/contracts';
import type { AttributeValue, FinishedSpan, Span, Telemetry } from '@signalbox/ports';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

export interface TelemetryUnderTest {
  readonly telemetry: Telemetry;
  /** What became of the spans of a trace; absent when this adapter keeps and sends none. */
  finishedSpans?(traceId: string): Promise<readonly FinishedSpan[]>;
  close?(): Promise<void>;
}

export interface TelemetryHarness {
  /** False when this adapter keeps and sends no spans, so that nothing can be asked of them; default true. */
  readonly keepsSpans?: boolean;
  open(): Promise<TelemetryUnderTest>;
}

const VALID = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const traceOf = (span: Span): string => parseTraceparent(span.traceparent)!.traceId;
const spanIdOf = (span: Span): string => parseTraceparent(span.traceparent)!.spanId;

/**
 * The contract of `Telemetry` as tests. An adapter binds it in its own spec file:
 * `telemetryContract('MyTelemetry', harness)`.
 */
export function telemetryContract(name: string, harness: TelemetryHarness): void {
  describe(`${name} as telemetry`, () => {
    let test: TelemetryUnderTest;
    beforeEach(async () => {
      test = await harness.open();
    });
    afterEach(async () => {
      await test.telemetry.close();
      await test.close?.();
    });

    const tracer = (service = 'gateway') => test.telemetry.tracer(service, `${service}-1`);

    it('begins a trace, sampled, with ids that no other span has', () => {
      const spans = Array.from({ length: 2000 }, () => tracer().startSpan('work'));
      expect(spans.filter(({ traceparent }) => !VALID.test(traceparent))).toEqual([]);
      expect(spans.every(({ traceparent }) => traceparent.endsWith('-01'))).toBe(true);
      expect(new Set(spans.map(traceOf)).size).toBe(2000);
      expect(new Set(spans.map(spanIdOf)).size).toBe(2000);
    });

    it('keeps its traceparent', () => {
      const span = tracer().startSpan('work');
      const { traceparent } = span;
      span.setAttribute('a', 1);
      span.end();
      expect(span.traceparent).toBe(traceparent);
    });

    it('goes on with the trace of its parent, as a span of its own', () => {
      const parent = tracer().startSpan('outer');
      const children = Array.from({ length: 100 }, () =>
        tracer('registry').startSpan('inner', { parent: parent.traceparent }),
      );
      expect(new Set(children.map(traceOf))).toEqual(new Set([traceOf(parent)]));
      expect(new Set([parent, ...children].map(spanIdOf)).size).toBe(101);
    });

    it.each(['00', '01'])('keeps whether the parent is sampled: %s', (flags) => {
      const parent = newTraceparent().slice(0, -2) + flags;
      expect(tracer().startSpan('work', { parent }).traceparent).toMatch(new RegExp(`-${flags}$`));
    });

    it.each([
      '',
      'garbage',
      '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331',
      '00-00000000000000000000000000000000-b7ad6b7169203331-01',
      '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
      'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      '00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01',
    ])('begins a new trace when the parent is %j', (parent) => {
      const { traceparent } = tracer().startSpan('work', { parent });
      expect(traceparent).toMatch(VALID);
      expect(traceparent).not.toContain('0af7651916cd43dd8448eb211c80319c');
    });

    it('says whether spans are recorded, never that they are not when they may be', () => {
      const sampled = newTraceparent();
      const parents = [undefined, '', 'garbage', sampled, `${sampled.slice(0, -2)}0b`];
      const answers = parents.map((parent) => tracer().records(parent));
      expect(new Set(answers)).toEqual(new Set([harness.keepsSpans !== false]));
    });

    it('takes odd values without a word', () => {
      const attributes = {
        '': '',
        nan: NaN,
        long: 'x'.repeat(100_000),
        nothing: undefined as unknown as AttributeValue,
      };
      const span = tracer('').startSpan('', { kind: 'internal', attributes });
      for (let i = 0; i < 1000; i++) span.setAttribute(`a${i}`, Infinity);
      span.fail('');
      span.fail('x'.repeat(100_000));
      span.end();
      expect(span.traceparent).toMatch(VALID);
    });

    it('has spans with traceparents after it was closed', async () => {
      const [open, before] = [tracer(), tracer().startSpan('before')];
      await test.telemetry.close();
      await test.telemetry.close();
      before.setAttribute('a', 1);
      before.end();
      for (const after of [open.startSpan('after'), tracer().startSpan('after')]) {
        after.end();
        expect(after.traceparent).toMatch(VALID);
      }
    });

    // not registered, rather than skipped: nothing is missing
    if (harness.keepsSpans === false) return;

    describe('finished spans', () => {
      const finished = async (trace: string, count: number): Promise<readonly FinishedSpan[]> =>
        vi.waitFor(
          async () => {
            const spans = await test.finishedSpans!(trace);
            expect(spans).toHaveLength(count);
            return spans;
          },
          { timeout: 10_000, interval: 20 },
        );

      it('say everything about themselves', async () => {
        const began = Date.now();
        const outer = tracer().startSpan('POST /mcp', { kind: 'server', attributes: { a: 'text', b: 1.5 } });
        const inner = tracer('registry').startSpan('publish', { kind: 'producer', parent: outer.traceparent });
        inner.fail('first');
        inner.fail('broken');
        inner.end();
        outer.setAttribute('c', true);
        outer.setAttribute('a', 'other');
        outer.end();
        const spans = await finished(traceOf(outer), 2);
        const [first, second] = spans.toSorted((a) => (a.name === 'POST /mcp' ? -1 : 1));
        expect(first).toMatchObject({
          service: 'gateway',
          instanceId: 'gateway-1',
          kind: 'server',
          traceId: traceOf(outer),
          spanId: spanIdOf(outer),
          parentSpanId: undefined,
          attributes: { a: 'other', b: 1.5, c: true },
          failure: undefined,
        });
        expect(second).toMatchObject({
          service: 'registry',
          instanceId: 'registry-1',
          name: 'publish',
          kind: 'producer',
          traceId: traceOf(outer),
          parentSpanId: spanIdOf(outer),
          failure: 'broken',
        });
        expect(Math.abs(first!.startTime - began)).toBeLessThan(5_000);
        expect(first!.duration).toBeGreaterThanOrEqual(second!.duration);
      });

      it('have every kind', async () => {
        const root = tracer().startSpan('root');
        const kinds = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
        for (const kind of kinds) tracer().startSpan(kind, { kind, parent: root.traceparent }).end();
        const spans = await finished(traceOf(root), 5);
        expect(spans.map(({ kind }) => kind).sort()).toEqual([...kinds].sort());
        expect(spans.every((span) => span.name === span.kind && span.parentSpanId === spanIdOf(root))).toBe(true);
      });

      it('end once, and do not change afterwards', async () => {
        const span = tracer().startSpan('work');
        span.setAttribute('a', 1);
        span.end();
        span.setAttribute('a', 2);
        span.setAttribute('b', 3);
        span.fail('too late');
        span.end();
        const last = tracer().startSpan('last', { parent: span.traceparent });
        last.end();
        const [work] = (await finished(traceOf(span), 2)).filter(({ name }) => name === 'work');
        expect(work!.attributes).toEqual({ a: 1 });
        expect(work!.failure).toBeUndefined();
      });

      it('are there however many there are', async () => {
        const root = tracer().startSpan('root');
        for (let i = 0; i < 99; i++) tracer().startSpan('work', { parent: root.traceparent }).end();
        root.end();
        expect(new Set((await finished(traceOf(root), 100)).map(({ spanId }) => spanId)).size).toBe(100);
      });
    });
  });
}
