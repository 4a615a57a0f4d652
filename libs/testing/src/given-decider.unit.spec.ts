import { createEvent, type NewEvent } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { given } from './given-decider.js';

type Closed = NewEvent<'session.closed'>;
const closed = (sessionId: string): Closed => createEvent('session.closed', { sessionId, reason: 'idle' });
const decider = {
  initial: { closed: 0 },
  evolve: (state: { closed: number }) => ({ closed: state.closed + 1 }),
  decide(command: string, state: { closed: number }): Closed[] {
    if (command === 'refuse') throw Object.assign(new RangeError('too many'), { code: 'limit' });
    if (command === 'invalid') return [{ ...closed('x'), data: { sessionId: 7 } } as unknown as Closed];
    return state.closed > 0 ? [] : [closed(command)];
  },
};

describe('given … when … then', () => {
  it('compares by type and data, not by id', () => {
    given(decider)
      .when('a')
      .then([closed('a')]);
    given(decider, [closed('x')])
      .when('a')
      .thenNothing();
  });

  it('shows what differs', () => {
    expect(() =>
      given(decider)
        .when('a')
        .then([closed('b')]),
    ).toThrow(expect.objectContaining({ actual: [expect.objectContaining({ data: closed('a').data })] }) as Error);
    expect(() => given(decider).when('a').thenNothing()).toThrow();
  });

  it('finds events that their schema forbids, even when they are the expected ones', () => {
    const expected = { type: 'session.closed', data: { sessionId: 7 } };
    expect(() => given(decider).when('invalid').then([expected])).toThrow('session.closed as its schema says');
  });

  it('checks refusals by message, class or properties', () => {
    const refused = given(decider).when('refuse');
    refused.thenThrows('too many');
    refused.thenThrows(/^too/);
    refused.thenThrows(RangeError);
    refused.thenThrows({ code: 'limit' });
    expect(() => refused.thenThrows({ code: 'other' })).toThrow();
    expect(() => refused.thenThrows(TypeError)).toThrow();
    expect(() => given(decider).when('a').thenThrows('too many')).toThrow();
  });

  it('checks states', () => {
    given(decider, [closed('x')]).hasState({ closed: 1 });
    given(decider).when('a').thenState({ closed: 1 });
    expect(() => given(decider).hasState({ closed: 1 })).toThrow();
  });
});
