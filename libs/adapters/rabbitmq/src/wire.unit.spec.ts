import { describe, expect, it } from 'vitest';
import { decodeBody, encodeBody, HEADER, messageProperties } from './wire.js';

describe('the wire format', () => {
  const message = (body: unknown, more: object = {}) => ({ id: 'm', type: 't', body, ...more });

  it.each([null, false, 0, '', 'ä\u0000😀', [], { a: [{ b: null }] }, undefined])('brings back %j', (body) => {
    expect(decodeBody(encodeBody(body, 100))).toEqual(body);
  });

  it('counts bytes, not characters, and names both numbers', () => {
    expect(() => encodeBody('€€', 7)).toThrow('a message has 8 bytes; allowed: 7');
    expect(encodeBody('€€', 8)).toHaveLength(8);
  });

  it('tells events from other messages', () => {
    const contentType = (body: unknown) => messageProperties(message(body), true, 0).contentType;
    expect(contentType({ specversion: '1.0', id: 'm' })).toBe('application/cloudevents+json; charset=utf-8');
    for (const body of [{}, null, 'specversion', { specversion: 2 }])
      expect(contentType(body)).toBe('application/json');
  });

  it('sends the remaining time to the queue, and the time itself to the handler', () => {
    const properties = messageProperties(message(1, { expiresAt: 10_000.5 }), false, 9_900);
    expect(properties).toMatchObject({ expiration: '101', deliveryMode: 1 });
    expect(properties.headers).toMatchObject({ [HEADER.expiresAt]: 10_000.5 });
    expect(messageProperties(message(1, { expiresAt: 5 }), false, 9_900).expiration).toBe('1');
    expect(messageProperties(message(1), true, 0)).not.toHaveProperty('expiration');
  });
});
