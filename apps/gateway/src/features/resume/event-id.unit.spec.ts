import { describe, expect, it } from 'vitest';
import { generalKey, originOf, readEventId, requestKey } from './event-id.js';

const NOTHING_SEEN = { ended: false, progress: undefined };

describe('the id of an event', () => {
  it('says which call its stream answers, and how much of it the client has', () => {
    const params = { name: 't', _meta: { progressToken: 'p.1' } };
    const origin = originOf('an id with "quotes"', { callId: '01K', params }, 'gateway-2');
    expect(origin).toEqual({
      requestId: 'an id with "quotes"',
      call: { callId: '01K', gateway: 'gateway-2', progressToken: 'p.1' },
    });
    const key = requestKey('77', 3, origin);
    expect(key).toMatch(/^[\w~-]+$/);
    const place = { key, kind: 'request', copy: '77', origin };
    expect(readEventId(`${key}.4`)).toEqual({ ...place, seq: 4, seen: NOTHING_SEEN });
    expect(readEventId(`${key}.5.p0.25`)).toEqual({ ...place, seq: 5, seen: { ended: false, progress: 0.25 } });
    expect(readEventId(`${key}.5.p-1e+21`)?.seen.progress).toBe(-1e21);
    expect(readEventId(`${key}.6.end`)?.seen).toEqual({ ended: true, progress: undefined });
  });

  it('of a request that is not a call names the request', () => {
    const key = requestKey('', 1, originOf(7, undefined, 'gateway-1'));
    expect(readEventId(`${key}.0`)?.origin).toEqual({ requestId: 7 });
  });

  it('of what belongs to no request names none', () => {
    expect(readEventId(`${generalKey('12')}.9`)).toEqual({
      key: 'g12',
      kind: 'general',
      copy: '12',
      seq: 9,
      origin: undefined,
      seen: NOTHING_SEEN,
    });
  });

  it('stays short: an origin that is too long is left out', () => {
    const key = requestKey('', 1, originOf('x'.repeat(2_000), undefined, 'gateway-1'));
    expect(key).toBe('c-1');
    expect(readEventId('c-1.2')).toMatchObject({ kind: 'request', origin: undefined });
  });

  it.each(['', 'c.1', 'x-1.1', 'c-1', 'c-1.', 'c-1.x', 'c-1.1.q', `c-1.${'9'.repeat(16)}`, 'c-1~.1', 'g1.2\n'])(
    'is refused when no gateway made it: %j',
    (text) => expect(readEventId(text)).toBeUndefined(),
  );

  it.each(['bm90IGpzb24', Buffer.from('{}').toString('base64url'), Buffer.from('[{}]').toString('base64url')])(
    'with an origin that no gateway made has none: %s',
    (origin) => expect(readEventId(`c-1~${origin}.1`)?.origin).toBeUndefined(),
  );
});
