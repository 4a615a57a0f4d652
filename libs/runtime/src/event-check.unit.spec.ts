import { createEvent, EVENTS, type NewEvent } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { checkEvent, EventRejectedError } from './event-check.js';

const closed = createEvent('session.closed', { sessionId: 's1', reason: 'idle' });
const check = (event: unknown) => () => checkEvent(event as NewEvent, 'gateway');

describe('checkEvent', () => {
  it('lets a right event through', () => {
    expect(checkEvent(closed, 'gateway')).toEqual(closed);
  });

  it('keeps out what the schema does not name', () => {
    const event = { ...closed, data: { ...closed.data, password: 'x' }, extra: 1 };
    expect(checkEvent(event as NewEvent, 'gateway')).toEqual(closed);
  });

  it('names the owners when another service appends', () => {
    expect(() => checkEvent(closed, 'monitor')).toThrow(
      'event session.closed rejected: monitor does not own it; its owners are gateway',
    );
  });

  it('names the fields that are wrong, and what is allowed', () => {
    const wrong = { ...closed, data: { sessionId: 7, reason: 'boredom' } };
    expect(check(wrong)).toThrow(/data\.sessionId: .*string.*; data\.reason: .*"client"\|"idle"/);
  });

  it('names at most five problems', () => {
    const problems = { type: 'tool.call.requested', id: 'x', schemaVersion: 1, data: {} };
    expect(check(problems)).toThrow(/^([^;]*;){4}[^;]*$/);
  });

  it.each([
    ['an unknown type', { ...closed, type: 'session.lost' }, 'unknown type'],
    ['a type that is no string', { ...closed, type: undefined }, 'unknown type'],
    ['a type from the prototype', { ...closed, type: 'constructor' }, 'unknown type'],
    ['another version', { ...closed, schemaVersion: 2 }, 'version 2; only version 1'],
    ['no id', { ...closed, id: '' }, '1 to 64 characters'],
    ['a long id', { ...closed, id: 'x'.repeat(65) }, '1 to 64 characters'],
    ['no data', { ...closed, data: undefined }, 'data: '],
  ])('refuses %s', (_what, event, message) => {
    expect(check(event)).toThrow(EventRejectedError);
    expect(check(event)).toThrow(message);
  });

  it('costs at most 3 µs for the events of a tool call', () => {
    const of = { callId: '01K8ZQ5T9W3M7R2XVB6N4HJDCE', attempt: 1 };
    const events = [
      createEvent('tool.call.started', { ...of, server: 's', tool: 't', executor: 'tool-executor-1', waitedMs: 1 }),
      createEvent('tool.call.completed', { ...of, result: { content: [] }, isError: false, durationMs: 1 }),
    ];
    expect(events.every(({ type }) => EVENTS[type].owners.includes('tool-executor'))).toBe(true);
    const rounds = 5000;
    const times = Array.from({ length: 10 }, () => {
      const start = performance.now();
      for (let i = 0; i < rounds; i++) for (const event of events) checkEvent(event, 'tool-executor');
      return ((performance.now() - start) * 1000) / (rounds * events.length);
    });
    // the best of ten: what else runs on the machine shall not decide
    expect(Math.min(...times)).toBeLessThan(3);
  });
});
