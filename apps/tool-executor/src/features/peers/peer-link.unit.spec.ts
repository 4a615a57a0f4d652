import { createEvent, newId, upstreamSettingsSchema } from '@signalbox/contracts';
import type { InitializeResult } from '@signalbox/mcp';
import { beforeEach, describe, expect, it } from 'vitest';
import { peerLinkOf, type PeerLink } from './peer-link.js';

const [own, east, north] = [newId(), newId(), newId()];
const target = { kind: 'http' as const, url: 'http://user:secret@east:3000/mcp?key=secret', headers: {} };
const identity = { read: () => Promise.resolve(own) };
const answer = (suite?: string): InitializeResult => ({
  protocolVersion: '2026-07-28',
  serverInfo: { name: 'signalbox', version: '1.2.3' },
  capabilities: suite === undefined ? {} : { experimental: { 'io.signalbox/federation': { suite } } },
});
const link = (suite?: string): PeerLink => {
  const settings = upstreamSettingsSchema.parse({ peer: suite === undefined ? {} : { suite } });
  return peerLinkOf({ name: 'east', target, settings, source: 'test' }, 'tool-executor-1', identity)!;
};
const of = { server: 'east', executor: 'tool-executor-1' };
const started = createEvent('server.started', { ...of, ...answer(east) });
const failed = (error: string) => createEvent('server.failed', { ...of, error, attempt: 1 });

let peer: PeerLink;
beforeEach(async () => {
  peer = link();
  await peer.place(target);
});

it('is there for peers only', () => {
  const settings = upstreamSettingsSchema.parse({});
  expect(peerLinkOf({ name: 'east', target, settings, source: 'test' }, 'tool-executor-1', identity)).toBeUndefined();
});

describe('who answers', () => {
  it('is asked at the endpoint for this suite', async () => {
    expect(await peer.place(target)).toMatchObject({ url: `http://user:secret@east:3000/peers/${own}/mcp?key=secret` });
  });

  it.each([
    [undefined, 'not a Signalbox'],
    [own, 'this very suite'],
  ])('is refused as %s', (suite, reason) => {
    expect(() => peer.admit(answer(suite))).toThrow(reason);
  });

  it('is refused when it is not the one that is wanted', async () => {
    const wanted = link(north);
    await wanted.place(target);
    expect(() => wanted.admit(answer(east))).toThrow(`the suite ${east}; the configuration wants ${north}`);
    expect(() => wanted.admit(answer(north))).not.toThrow();
  });
});

describe('a request', () => {
  it('says which way it has come, and what time is left', () => {
    peer.admit(answer(east));
    const params = { name: 'x', _meta: { 'io.signalbox/via': [north], mine: 1 } };
    const { _meta: meta } = peer.stamp(params, Date.now() + 60_000) as { _meta: Record<string, unknown> };
    expect(meta).toMatchObject({ mine: 1, 'io.signalbox/via': [north, own] });
    expect(meta['io.signalbox/timeoutMs']).toBeLessThanOrEqual(60_000);
    expect(meta['io.signalbox/timeoutMs']).toBeGreaterThan(0);
  });

  it('does not go back to where it has come through', () => {
    peer.admit(answer(east));
    expect(() => peer.stamp({ _meta: { 'io.signalbox/via': [east, north] } }, Date.now())).toThrow(/not sent: .* → /);
  });
});

describe('the log', () => {
  it('says once that a peer is connected, without secrets, and once that it is lost', () => {
    peer.admit(answer(east));
    const [connected] = peer.eventsBeside(started);
    expect(connected).toMatchObject({
      type: 'peer.connected',
      data: { suite: east, url: 'http://east:3000/mcp', version: '1.2.3' },
    });
    expect(peer.eventsBeside(failed('gone'))).toMatchObject([
      { type: 'peer.lost', data: { suite: east, reason: 'gone' } },
    ]);
    expect(peer.eventsBeside(failed('still gone'))).toEqual([]);
  });

  it('says once for each reason that somebody was refused', () => {
    const refuse = (suite?: string) => expect(() => peer.admit(answer(suite))).toThrow();
    refuse();
    expect(peer.eventsBeside(failed('x'))).toMatchObject([{ type: 'peer.refused', data: { peer: 'east' } }]);
    refuse();
    expect(peer.eventsBeside(failed('x'))).toEqual([]);
    refuse(own);
    expect(peer.eventsBeside(failed('x'))).toMatchObject([{ type: 'peer.refused', data: { suite: own } }]);
  });
});
