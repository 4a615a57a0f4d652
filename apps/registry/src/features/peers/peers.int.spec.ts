import { createEvent, newId, SUITE_ID, upstreamSettingsSchema, type NewEvent } from '@signalbox/contracts';
import type { PortSet } from '@signalbox/ports';
import { waitFor } from '@signalbox/testing';
import { expect, it } from 'vitest';
import { registryForTest, type RunningForTest } from '../../../test/running-service.js';

const east = newId();
const executor = 'tool-executor-1';
const link = { peer: 'east', executor };
const of = { server: 'east', executor };
const definition = (name: string, settings: object) => ({
  name,
  target: { kind: 'http' as const, url: 'http://east.example/mcp', headers: {} },
  settings: upstreamSettingsSchema.parse(settings),
  source: '/etc/signalbox.json',
});
const servers = [definition('east', { peer: {} }), definition('files', {})];
const aTool = { name: 'fs__read', _meta: { 'io.signalbox/origin': { name: 'fs__read', via: [east] } } };
const catalogue = { prompts: [], resources: [], resourceTemplates: [], definitionHashes: {} };

const append = (ports: PortSet, ...events: NewEvent[]) =>
  ports.events.append({
    stream: 'upstream-east',
    expectedVersion: 'any',
    events,
    commitId: events[0]!.id,
    metadata: { actor: executor, correlationId: 'c' },
  });

interface Answer {
  suite: string;
  peers: { name: string; state: string; [key: string]: unknown }[];
}
const read = async ({ http }: RunningForTest, query = ''): Promise<Answer> =>
  ((await http.get(`/peers${query}`).expect(200)).body as { data: Answer }).data;
const inState = (registry: RunningForTest, state: string) =>
  waitFor(async () => (await read(registry)).peers.find((peer) => peer.state === state), {
    what: `a peer that is ${state}`,
  });

it('tells the suite, its peers and what they share, through what happens to them, and as they were', async () => {
  const registry = await registryForTest({ servers });
  const waiting = await inState(registry, 'waiting');
  expect(waiting).toMatchObject({ name: 'east', shares: { tools: 0 } });
  expect(await read(registry)).toMatchObject({ suite: expect.stringMatching(SUITE_ID), peers: [{ name: 'east' }] });

  const about = { protocolVersion: '2026-07-28', version: '1.2.3', url: 'http://east.example/mcp' };
  const serverInfo = { name: 'signalbox', version: '1.2.3' };
  const { time } = await append(
    registry.ports,
    createEvent('catalogue.changed', { server: 'east', ...catalogue, tools: [aTool] }),
    createEvent('server.started', { ...of, protocolVersion: '2026-07-28', serverInfo, capabilities: {} }),
    createEvent('peer.connected', { ...link, suite: east, ...about }),
  );
  expect(await inState(registry, 'connected')).toMatchObject({
    suite: east,
    ...about,
    lastContact: time,
    shares: { servers: ['fs'], tools: 1 },
  });

  await waitFor(() => Date.now() > Date.parse(time), { what: 'the next millisecond' });
  await append(
    registry.ports,
    createEvent('server.failed', { ...of, error: 'gone', attempt: 1 }),
    createEvent('peer.lost', { ...link, suite: east, reason: 'gone' }),
  );
  expect(await inState(registry, 'lost')).toMatchObject({ suite: east, reason: 'gone', shares: { tools: 1 } });

  await append(registry.ports, createEvent('peer.refused', { ...link, reason: 'somebody else' }));
  expect(await inState(registry, 'refused')).toMatchObject({ reason: 'somebody else' });

  const before = await read(registry, `?asOf=${time}`);
  expect(before.peers).toMatchObject([{ name: 'east', state: 'connected', shares: { tools: 1 } }]);
});
