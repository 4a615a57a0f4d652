import { describe, expect, it } from 'vitest';
import { definitionHash } from './definition-hash.js';

describe('definitionHash', () => {
  it('is the SHA-256 of the form of RFC 8785', () => {
    // echo -n '{"a":[1,{"b":null}],"ä":"€"}' | sha256sum
    expect(definitionHash({ ä: '€', a: [1.0, { b: null }] })).toBe(
      '746a0699ebcd37a537e06741514a5ec4ab4e4f0b4832d274a238aac58206ba6d',
    );
  });

  it('does not depend on the order of keys, but on that of items', () => {
    expect(definitionHash({ a: 1, b: { c: 2, d: 3 } })).toBe(definitionHash({ b: { d: 3, c: 2 }, a: 1 }));
    expect(definitionHash({ a: [1, 2] })).not.toBe(definitionHash({ a: [2, 1] }));
  });
});
