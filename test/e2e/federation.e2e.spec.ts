import { newId } from '@signalbox/contracts';
import { freePort, waitFor } from '@signalbox/testing';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newSdkClient, statelessSdkClient } from './support/clients.js';
import {
  addServer,
  asking,
  callAt,
  eventsOf,
  gate,
  listed,
  logged,
  PATIENCE,
  peerIn,
  peersOf,
  suites,
  toolsAt,
  type Suite,
} from './support/federation.js';
import { hostilePeer } from './support/hostile-peer.js';
import { everything } from './support/servers.js';

const NORTH_TOKEN = 'of-those-who-peer-with-north';
const peer = (url: string) => ({ url: `${url}/mcp`, signalbox: { peer: {} } });
// the variable is in the surroundings of all three
const headers = { Authorization: 'Bearer ${NORTH_TOKEN}' };
const withToken = (url: string) => ({ ...peer(url), headers });
const reading = { ...gate, signalbox: { tools: { pid: { class: 'read' } } } };

let west: Suite;
let east: Suite;
let north: Suite;

beforeAll(async () => {
  ({ west, east, north } = await suites(
    ['west', 'east', 'north'],
    (name, urls) => {
      const federation = { transit: true, withholds: ['private'] };
      switch (name) {
        case 'west':
          return { mcpServers: { gate: reading, private: gate, east: peer(urls.east) }, signalbox: { federation } };
        case 'east':
          return {
            mcpServers: { gate: reading, asking, everything, west: peer(urls.west), north: withToken(urls.north) },
            signalbox: { federation },
          };
        case 'north': {
          const tokens = [{ principal: 'a peer', token: NORTH_TOKEN }];
          const gateway = { auth: { tokens } };
          return { mcpServers: { gate: reading, west: peer(urls.west) }, signalbox: { federation, gateway } };
        }
      }
    },
    { NORTH_TOKEN },
  ));
  await Promise.all([west.start(), east.start()]);
}, 180_000);

afterAll(async () => {
  await Promise.all([west, east, north].map((suite) => suite?.dispose()));
}, 60_000);

const pidOf = async (suite: Suite, tool: string, token?: string): Promise<string> => {
  const { result, error } = await callAt(suite, tool, {}, token);
  expect(error).toBeUndefined();
  return result!.content[0]!.text!;
};

describe('two suites', () => {
  it('show what the other has, with its class there, but not what it withholds or what is theirs', async () => {
    const atWest = await listed(west, [
      'gate__pid',
      'private__pid',
      'east__gate__pid',
      'east__everything__echo',
      'east__asking__ask',
    ]);
    const atEast = await listed(east, ['gate__pid', 'west__gate__pid']);
    expect(atEast.filter((name) => name.includes('private'))).toEqual([]);
    expect([...atWest, ...atEast].filter((name) => /east__west|west__east|__resources|__registry/.test(name))).toEqual(
      [],
    );
    const classes = new Map((await toolsAt(west)).map(({ name, safetyClass }) => [name, safetyClass]));
    expect(classes.get('east__gate__pid')).toBe('read');
    expect(classes.get('east__gate__wait')).toBe('unsafe');
  });

  it('call across, both ways, each call in both logs and in one trace', async () => {
    expect(await pidOf(west, 'east__gate__pid')).toBe(await pidOf(east, 'gate__pid'));
    expect(await pidOf(east, 'west__gate__pid')).toBe(await pidOf(west, 'gate__pid'));
    const { suite } = await peersOf(west);
    const across = await logged(east, 'tool.call.requested', ({ data }) => data['suites'] !== undefined);
    expect(across.data).toMatchObject({ server: 'gate', tool: 'pid', suites: [suite], safetyClass: 'read' });
    const requested = await logged(west, 'tool.call.requested', ({ data }) => data['server'] === 'east');
    expect(across.traceparent!.split('-')[1]).toBe(requested.traceparent!.split('-')[1]);
    // the time that is left is what the first suite gives it
    const deadlines = [requested, across].map(({ data }) => Date.parse(data['deadline'] as string));
    expect(deadlines[1]).toBeLessThanOrEqual(deadlines[0]! + 1_000);
  });

  it.each([
    ['2025-11-25', newSdkClient],
    ['2026-07-28', statelessSdkClient],
  ])('bring progress and questions to a client of %s, and cancel for it', async (_revision, connect) => {
    const client = await connect(west.running.mcp);
    try {
      const asked = await client.call('east__asking__ask');
      expect(asked.content[0]!.text).toContain('sampled by the client');
      const progress: number[] = [];
      const slow = { duration: 1, steps: 4 };
      await client.call('east__everything__trigger-long-running-operation', slow, {
        onprogress: (heard) => progress.push(heard.progress),
      });
      expect(progress.length).toBeGreaterThan(0);
      expect(progress).toEqual(progress.toSorted((a, b) => a - b));

      const before = (await eventsOf(east, 'tool.call.cancelled')).length;
      const running = (await eventsOf(east, 'tool.call.started')).length;
      const stop = new AbortController();
      const waiting = client.call(
        'east__gate__wait',
        { file: join(west.running.dataDir, 'never') },
        { signal: stop.signal },
      );
      const ended = expect(waiting).rejects.toThrow();
      await waitFor(async () => (await eventsOf(east, 'tool.call.started')).length > running, {
        ...PATIENCE,
        what: 'the call',
      });
      stop.abort('changed my mind');
      await ended;
      await waitFor(async () => (await eventsOf(east, 'tool.call.cancelled')).length > before, {
        ...PATIENCE,
        what: 'the cancellation at the far side',
      });
    } finally {
      await client.close();
    }
  });

  it('refuse what has come through them already, or through too many, and run nothing', async () => {
    const { suite: own } = await peersOf(west);
    const { suite: other } = await peersOf(east);
    const before = (await eventsOf(west, 'tool.call.requested')).length;
    const post = async (path: string, via: readonly string[] | string) => {
      const _meta = {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'signalbox', version: '1' },
        'io.modelcontextprotocol/clientCapabilities': {},
        'io.signalbox/via': via,
      };
      const answer = await fetch(`${west.url}${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'tools/call',
          'mcp-name': 'gate__pid',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'gate__pid', _meta } }),
      });
      const { error } = (await answer.json()) as { error?: { code: number; message: string } };
      return { status: answer.status, code: error?.code, message: error?.message };
    };
    const looped = { code: -32014, message: expect.stringContaining(`${own} → ${other} → ${own}`) };
    expect(await post(`/peers/${other}/mcp`, [own, other])).toMatchObject(looped);
    expect(await post('/mcp', [own, other])).toMatchObject(looped);
    const tooMany = Array.from({ length: 5 }, newId);
    expect(await post('/mcp', tooMany)).toMatchObject({ code: -32014, message: expect.stringContaining('at most 4') });
    expect(await post('/mcp', 'nonsense')).toMatchObject({ code: -32602 });
    expect(await post(`/peers/${own}/mcp`, [other])).toMatchObject({ status: 403 });
    expect(await post('/peers/east/mcp', [other])).toMatchObject({ status: 404 });
    expect((await eventsOf(west, 'tool.call.requested')).length).toBe(before);
  });

  it('survive the loss of the other, and go on by themselves when it is back', async () => {
    const { suite } = await peerIn(west, 'east', 'connected');
    const failures: unknown[] = [];
    let [isOver, calls] = [false, 0];
    const load = (async () => {
      for (; !isOver; calls++) {
        const called = await callAt(west, 'gate__pid').catch((error: unknown) => ({ status: 0, error }));
        if (called.status !== 200) failures.push(called);
      }
    })();
    try {
      const before = (await eventsOf(east, 'tool.call.started')).length;
      const inFlight = callAt(west, 'east__gate__wait', { file: join(west.running.dataDir, 'never') });
      await waitFor(async () => (await eventsOf(east, 'tool.call.started')).length > before, {
        ...PATIENCE,
        what: 'the call',
      });
      await east.running.stop('SIGKILL');

      const { status, error, callId, retryable } = await inFlight;
      expect(status).toBeGreaterThanOrEqual(500);
      expect(error!.message).toContain('"east"');
      expect(retryable ?? false).toBe(false);
      await logged(west, 'tool.call.outcome_unknown', ({ data }) => data['callId'] === callId);

      const refused = await callAt(west, 'east__gate__pid');
      expect(refused).toMatchObject({ status: 503, retryable: true });
      await peerIn(west, 'east', 'lost');
      const marked = async () =>
        (await toolsAt(west)).find(({ name }) => name === 'east__gate__pid')?.available === false;
      await waitFor(marked, { ...PATIENCE, what: 'the mark of what is away' });

      const soFar = calls;
      await waitFor(() => calls > soFar, { ...PATIENCE, what: 'calls of its own' });
      await east.start();
      expect(await peerIn(west, 'east', 'connected')).toMatchObject({ suite });
      await waitFor(async () => (await callAt(west, 'east__gate__pid')).status === 200, {
        ...PATIENCE,
        what: 'calls across',
      });
      await peerIn(east, 'west', 'connected');
      await waitFor(async () => (await callAt(east, 'west__gate__pid')).status === 200, {
        ...PATIENCE,
        what: 'calls back',
      });
    } finally {
      isOver = true;
      await load;
    }
    expect(failures).toEqual([]);
    const told = (await eventsOf(west, 'peer.*')).map(({ type }) => type);
    expect(told).toContain('peer.lost');
    expect([told[0], told.at(-1)]).toEqual(['peer.connected', 'peer.connected']);
  }, 240_000);
});

describe('three suites in a ring', () => {
  beforeAll(() => north.start(), 120_000);

  it('have everything once, by the shortest way, and calls go through', async () => {
    const atWest = await listed(west, ['east__north__gate__pid']);
    const atNorth = await listed(north, ['gate__pid', 'west__gate__pid', 'west__east__gate__pid'], NORTH_TOKEN);
    expect(await pidOf(west, 'east__north__gate__pid')).toBe(await pidOf(north, 'gate__pid', NORTH_TOKEN));
    expect(await pidOf(north, 'west__east__gate__pid', NORTH_TOKEN)).toBe(await pidOf(east, 'gate__pid'));
    // whatever is at home somewhere is in each list once
    expect(atWest.filter((name) => name.endsWith('gate__pid')).sort()).toEqual([
      'east__gate__pid',
      'east__north__gate__pid',
      'gate__pid',
    ]);
    expect(atNorth.filter((name) => name.endsWith('gate__pid'))).toHaveLength(3);
    const through = await logged(north, 'tool.call.requested', ({ data }) => data['suites']?.length === 2);
    expect(through.data).toMatchObject({
      principal: 'a peer',
      suites: [(await peersOf(west)).suite, (await peersOf(east)).suite],
    });

    // a direct way makes the longer one superfluous: it is not listed any more, and can still be called
    await addServer(west, 'north', withToken(north.url));
    const direct = async () => {
      const names = await listed(west, ['north__gate__pid']);
      return !names.includes('east__north__gate__pid') && !names.some((name) => name.startsWith('north__east'));
    };
    await waitFor(direct, { ...PATIENCE, what: 'the direct way alone' });
    expect(await pidOf(west, 'north__gate__pid')).toBe(await pidOf(west, 'east__north__gate__pid'));
  }, 120_000);
});

describe('what is not the suite that it should be', () => {
  it('is refused, or cannot do more than offer tools of its own', async () => {
    const { suite: own } = await peersOf(west);
    const liar = newId();
    await using hostile = await hostilePeer(liar, own);
    await addServer(west, 'pinned', {
      ...peer(hostile.url.replace(/\/mcp$/, '')),
      signalbox: { peer: { suite: newId() } },
    });
    await addServer(west, 'liar', peer(hostile.url.replace(/\/mcp$/, '')));
    // a Signalbox that takes nobody for a peer here, and nothing at all there
    await addServer(west, 'nobody', peer(`http://127.0.0.1:${await freePort()}`));

    const names = await listed(west, ['liar__plain', 'liar__nowhere', 'gate__pid']);
    expect(names.filter((name) => /__mine$|^pinned__|^nobody__/.test(name))).toEqual([]);
    expect((await toolsAt(west)).find(({ name }) => name === 'liar__nowhere')?.safetyClass).toBe('unsafe');
    expect(await peerIn(west, 'pinned', 'refused')).toMatchObject({
      suite: liar,
      reason: expect.stringContaining(liar),
    });
    expect(await peerIn(west, 'nobody', 'waiting')).toMatchObject({ shares: { tools: 0 } });

    const garbage = await callAt(west, 'liar__plain');
    expect(garbage.status).toBeGreaterThanOrEqual(500);
    expect(garbage.error!.message).toContain('"liar"');
    expect((await callAt(west, 'gate__pid')).status).toBe(200);
  }, 120_000);
});
