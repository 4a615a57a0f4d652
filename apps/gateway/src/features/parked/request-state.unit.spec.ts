import { describe, expect, it } from 'vitest';
import { digestOf, isOurState, readState, StateSigner } from './request-state.js';

const content = { gateway: 'gateway-1', id: 'abc_-1', round: 2, expires: 1_700_000_000_000 };
const binding = { principal: 'ann', digest: digestOf('tools/call', { name: 't' }, undefined) };

describe('request states', () => {
  const signer = new StateSigner();
  const state = signer.sign(content, binding);

  it('say what they are about, and are known again', () => {
    expect(isOurState(state)).toBe(true);
    expect(readState(state)).toEqual(content);
    expect(signer.verifies(state, binding)).toBe(true);
  });

  it.each([
    ['another principal', { ...binding, principal: 'bob' }],
    ['another request', { ...binding, digest: digestOf('tools/call', { name: 'u' }, undefined) }],
    ['another endpoint', { ...binding, digest: digestOf('tools/call', { name: 't' }, 's') }],
    ['another method', { ...binding, digest: digestOf('prompts/get', { name: 't' }, undefined) }],
    ['text moved from one part of the binding to the other', { principal: `ann${binding.digest}`, digest: '' }],
  ])('are not good for %s', (_, other) => {
    expect(signer.verifies(state, other)).toBe(false);
  });

  it('are not good at a gateway that did not make them', () => {
    expect(new StateSigner().verifies(state, binding)).toBe(false);
  });

  it('are not good with any character changed', () => {
    for (let at = 0; at < state.length; at++) {
      const other = state[at] === 'A' ? 'B' : 'A';
      const changed = state.slice(0, at) + other + state.slice(at + 1);
      // the last character of 32 bytes in base64url has two bits that mean nothing
      if (at === state.length - 1) continue;
      expect(signer.verifies(changed, binding), `changed at ${at}`).toBe(false);
    }
  });

  const payload = (value: unknown) =>
    `sb1.${Buffer.from(JSON.stringify(value)).toString('base64url')}.${'A'.repeat(43)}`;

  it.each([
    '',
    'sb1',
    'sb1..',
    'nonsense',
    `${state}x`,
    payload({}),
    payload(['gateway-1', 'id', 1]),
    payload(['mcp.execute.s', 'id', 1, 2]),
    payload(['../x', 'id', 1, 2]),
    payload(['gateway-1', 'id', 'x', 2]),
    'sb1.!!!.' + 'A'.repeat(43),
  ])('%j says nothing', (text) => {
    expect(readState(text)).toBeUndefined();
    expect(signer.verifies(text, binding)).toBe(false);
  });
});

describe('the digest of a request', () => {
  it('does not depend on the order of keys, nor on what a retry adds', () => {
    const first = digestOf('tools/call', { name: 't', arguments: { a: 1, b: { c: 2, d: 3 } } }, 's');
    const retry = {
      arguments: { b: { d: 3, c: 2 }, a: 1 },
      name: 't',
      requestState: 'x',
      inputResponses: {},
      _meta: {},
    };
    expect(digestOf('tools/call', retry, 's')).toBe(first);
  });
});
