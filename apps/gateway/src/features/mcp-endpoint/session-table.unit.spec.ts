import { BufferBudget, MemoryEventBuffer, PostExchange } from '@signalbox/mcp';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { SessionTable } from './session-table.js';
import { Session } from './session.js';

const LIMITS = { maxSubscriptions: 1, maxQuestions: 1, maxQueuedBytes: 1000, retryMs: 1 };

function session(id: string, openedAt = 0, copy = ''): Session {
  const client = { principal: 'p', gateway: 'gateway-1', sessionId: id, capabilities: { roots: {} } };
  const buffer = new MemoryEventBuffer({ maxEvents: 10, maxBytes: 1000 }, new BufferBudget(1000));
  const identity = { id, wireId: `${id}-wire`, scope: undefined, client, openedAt, home: 'gateway-1', copy };
  return new Session(identity, buffer, LIMITS, new Set());
}

const table = (max: number): SessionTable => new SessionTable({ max, idleMs: 100 });

/** A request that is never answered: nothing of the response is touched. */
const running = (of: Session): PostExchange =>
  new PostExchange(1, {} as ServerResponse, of, { json: true, stream: false, streamNamed: false }, 0);

describe('SessionTable', () => {
  it('finds by the secret id and by the public one', () => {
    const sessions = table(2);
    const one = session('one');
    sessions.add(one);
    expect(sessions.byWireId('one-wire')).toBe(one);
    expect(sessions.byId('one')).toBe(one);
    expect(sessions.byWireId('one')).toBeUndefined();
  });

  it('sweeps what was idle for too long, and nothing that is busy', () => {
    const sessions = table(5);
    const [idle, fresh, busy] = [session('idle'), session('fresh', 50), session('busy')];
    for (const one of [idle, fresh, busy]) sessions.add(one);
    busy.begin(running(busy));
    expect(sessions.sweep(101)).toEqual([idle]);
    expect(sessions.size).toBe(2);
  });

  it('makes room by forgetting the longest idle, and refuses when all are busy', () => {
    const sessions = table(2);
    const [older, newer] = [session('older', 1), session('newer', 2)];
    for (const one of [newer, older]) sessions.add(one);
    expect(sessions.add(session('third', 3))).toBe(true);
    expect([...sessions.all()].map(({ id }) => id)).toEqual(['newer', 'third']);
    for (const one of sessions.all()) one.begin(running(one));
    expect(sessions.add(session('fourth', 4))).toBe(false);
  });
});

describe('Session', () => {
  it('bounds subscriptions, and lets one be renewed', () => {
    const one = session('one');
    expect(one.subscribe('a', 's')).toBe(true);
    expect(one.subscribe('b', 's')).toBe(false);
    expect(one.subscribe('a', 's')).toBe(true);
  });

  it('answers questions that are open when their request ends, or the session', () => {
    const one = session('one');
    const answers: unknown[] = [];
    const exchange = running(one);
    expect(one.ask('roots/list', undefined, exchange, (answer) => answers.push(answer))).toMatchObject({ id: 'sb-1' });
    expect(one.ask('roots/list', undefined, exchange, () => undefined)).toMatchObject({ error: { code: -32603 } });
    one.exchangeDone(exchange);
    expect(answers).toMatchObject([{ error: { code: -32600 } }]);
    expect(one.answer('sb-1', { result: {} })).toBe(false);
  });

  it('tells its event ids and questions from those of another copy of it', () => {
    const [first, second] = [session('one'), session('one', 0, '42')];
    expect(second.general.key).toBe('g42');
    const elsewhere = { isOurs: false, stream: undefined };
    expect(first.locate('g42.1')).toMatchObject({ kind: 'general', ...elsewhere });
    expect(second.locate('g.1')).toMatchObject({ kind: 'general', ...elsewhere });
    expect(second.locate('c-1.1')).toMatchObject({ kind: 'request', ...elsewhere });
    expect(second.locate('g42.7')).toMatchObject({ isOurs: true, stream: second.general, seq: 7 });
    const stream = second.openStream(running(second));
    expect(stream.key).toMatch(/^c42-1~/);
    expect(second.locate(`${stream.key}.3`)).toMatchObject({ isOurs: true, stream, seq: 3 });
    // forgotten here: the log may have what it answered
    expect(second.locate('c42-2.1')).toMatchObject({ isOurs: true, stream: undefined });
    expect(['', 'g', 'x.1', 'g42.x'].map((id) => second.locate(id))).toEqual(Array(4).fill(undefined));
    expect([first.asks('sb-1'), first.asks('sb42-1'), second.asks('sb42-1'), second.asks('sb-1')]).toEqual([
      ...[true, false],
      ...[true, false],
    ]);
  });
});
