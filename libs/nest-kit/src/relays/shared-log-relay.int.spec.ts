import { createEmbeddedPorts, type EmbeddedPorts } from '@signalbox/adapter-embedded';
import { createEvent, newId, pinnedStream, type CloudEvent } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SharedLogRelay } from './shared-log-relay.js';

let ports: EmbeddedPorts;
let live: string[];
let relays: SharedLogRelay[];
/** `session id` → how often it came. */
let received: Map<string, number>;

beforeEach(async () => {
  ports = await createEmbeddedPorts({ dataDir: ':memory:' });
  live = [];
  relays = [];
  received = new Map();
  await ports.bus.consume({ name: 'all', topics: ['session.*'] }, ({ body }) => {
    const { sessionId } = (body as CloudEvent).data as { sessionId: string };
    received.set(sessionId, (received.get(sessionId) ?? 0) + 1);
  });
});
afterEach(async () => {
  await Promise.all(relays.map((relay) => relay.stop()));
  await ports.close();
});

function startProcess(...instances: string[]): SharedLogRelay {
  live.push(...instances);
  const relay = new SharedLogRelay(ports, { instances, liveInstances: async () => live, orphanCheckMs: 20 });
  relays.push(relay);
  relay.start();
  return relay;
}

async function append(stream: string, sessionId: string): Promise<void> {
  await ports.events.append({
    stream,
    expectedVersion: 'any',
    commitId: newId(),
    events: [createEvent('session.closed', { sessionId, reason: 'idle' })],
    metadata: { actor: 'test', correlationId: 'test' },
  });
}
const sessionOf = (partition: string): string => pinnedStream('session', partition, newId());
const have = (...sessions: string[]) => waitFor(() => sessions.every((session) => received.has(session)));

describe('the relays of a log that several processes write to', () => {
  it('publish their own partitions, and one of them what belongs to nobody', async () => {
    startProcess('gateway-1', 'monitor-1');
    startProcess('gateway-2');
    await append(sessionOf('gateway-1'), 'own');
    await append(sessionOf('gateway-2'), 'of the other');
    await append(sessionOf('gateway-9'), 'of one that is gone');
    await append('upstream-files', 'of an entity');
    await have('own', 'of the other', 'of one that is gone', 'of an entity');
    expect(relays.map(({ leads }) => leads)).toEqual([true, false]);
    expect([...received.values()]).toEqual([1, 1, 1, 1]);
  });

  it('leave a partition to its instance as soon as that is back, and go on where the other one was', async () => {
    startProcess('gateway-1');
    await append(sessionOf('gateway-2'), 'first');
    await have('first');
    const second = startProcess('gateway-2');
    await append(sessionOf('gateway-2'), 'second');
    await have('second');
    await second.stop();
    live.splice(live.indexOf('gateway-2'), 1);
    await append(sessionOf('gateway-2'), 'third');
    await have('third');
  });

  it('are led by another one when the leader ends, without anything being left out', async () => {
    const first = startProcess('gateway-1');
    const second = startProcess('gateway-2');
    await append('upstream-files', 'before');
    await have('before');
    await first.stop();
    live.splice(live.indexOf('gateway-1'), 1);
    await waitFor(() => second.leads);
    await append('upstream-files', 'after');
    await append(sessionOf('gateway-1'), 'late');
    await have('after', 'late');
    expect(received.get('before')).toBe(1);
  });
});
