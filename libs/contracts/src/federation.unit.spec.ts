import { describe, expect, it } from 'vitest';
import { newId } from './ids.js';
import {
  MAX_VIA,
  originOf,
  peerEndpoint,
  peerScope,
  statedClassOf,
  suiteOf,
  suiteOfScope,
  VIA,
  viaOf,
} from './federation.js';

const [east, west] = [newId(), newId()];

describe('peerEndpoint', () => {
  it.each([
    ['http://east:3000', `http://east:3000/peers/${west}/mcp`],
    ['http://east:3000/mcp', `http://east:3000/peers/${west}/mcp`],
    ['https://host/signalbox/mcp/', `https://host/signalbox/peers/${west}/mcp`],
    ['https://host/signalbox/?key=1', `https://host/signalbox/peers/${west}/mcp?key=1`],
  ])('finds the endpoint of a suite at %s', (url, endpoint) => {
    expect(peerEndpoint(url, west)).toBe(endpoint);
  });
});

describe('viaOf', () => {
  it('has nothing where a request begins', () => {
    expect(viaOf(undefined)).toEqual([]);
    expect(viaOf({ _meta: {} })).toEqual([]);
  });

  it('has the suites in their order', () => {
    expect(viaOf({ _meta: { [VIA]: [west, east] } })).toEqual([west, east]);
  });

  it.each([
    ['a single one', west],
    ['none', []],
    ['something else', ['no suite', 7]],
    ['null', null],
    ['too many', Array.from({ length: MAX_VIA + 1 }, newId)],
  ])('is not taken when it is %s', (_what, given) => {
    expect(viaOf({ _meta: { [VIA]: given } })).toBeUndefined();
  });
});

describe('what a peer says', () => {
  it('is its suite, by its capabilities', () => {
    expect(suiteOf({ experimental: { 'io.signalbox/federation': { suite: east } } })).toBe(east);
    expect(suiteOf({ experimental: { 'io.signalbox/federation': { suite: 'east' } } })).toBeUndefined();
    expect(suiteOf({ tools: {} })).toBeUndefined();
    expect(suiteOf(undefined)).toBeUndefined();
  });

  it('is the origin and the class of a tool', () => {
    const origin = { name: 'fs__read', via: [east] };
    const tool = { name: 'x', _meta: { 'io.signalbox/origin': origin, 'io.signalbox/class': 'read' } };
    expect(originOf(tool)).toEqual(origin);
    expect(statedClassOf(tool)).toBe('read');
  });

  it('is not taken where it is something else', () => {
    const tool = {
      name: 'x',
      _meta: { 'io.signalbox/origin': { name: 'a', via: ['b'] }, 'io.signalbox/class': 'safe' },
    };
    expect(originOf(tool)).toBeUndefined();
    expect(statedClassOf(tool)).toBeUndefined();
    expect(statedClassOf({ name: 'x', _meta: 'read' })).toBeUndefined();
  });
});

it('tells scopes of peers from names of servers', () => {
  expect(suiteOfScope(peerScope(east))).toBe(east);
  expect(suiteOfScope('files')).toBeUndefined();
  expect(suiteOfScope(undefined)).toBeUndefined();
});
