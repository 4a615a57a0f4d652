import { describe, expect, it } from 'vitest';
import { Subscriptions } from './subscriptions.js';

const client = (sessionId: string) => ({ principal: 'p', gateway: 'g', sessionId });
const ids = (clients: { sessionId?: string }[]) => clients.map(({ sessionId }) => sessionId);

describe('Subscriptions', () => {
  it('say who was first and who is left', () => {
    const subscriptions = new Subscriptions();
    expect(subscriptions.add(client('a'), 'a', 'u')).toBe(true);
    expect(subscriptions.add(client('b'), 'b', 'u')).toBe(false);
    expect(subscriptions.remove('a', 'u')).toBe(false);
    expect(subscriptions.remove('a', 'u')).toBe(false);
    expect(subscriptions.remove('b', 'u')).toBe(true);
    expect(subscriptions.uris()).toEqual([]);
  });

  it('tell an update to those who asked, once when it comes several times at once', () => {
    const subscriptions = new Subscriptions();
    subscriptions.add(client('a'), 'a', 'u');
    subscriptions.add(client('b'), 'b', 'v');
    expect(ids(subscriptions.subscribers('u', 1_000))).toEqual(['a']);
    expect(subscriptions.subscribers('u', 1_020)).toEqual([]);
    expect(ids(subscriptions.subscribers('u', 1_100))).toEqual(['a']);
  });

  it('end with their session', () => {
    const subscriptions = new Subscriptions();
    for (const uri of ['u', 'v']) subscriptions.add(client('a'), 'a', uri);
    subscriptions.add(client('b'), 'b', 'v');
    expect(subscriptions.removeSession('a')).toEqual(['u']);
    expect(subscriptions.removeSession('a')).toEqual([]);
    expect(subscriptions.uris()).toEqual(['v']);
    expect(subscriptions.clientOf('b')).toEqual(client('b'));
  });
});
