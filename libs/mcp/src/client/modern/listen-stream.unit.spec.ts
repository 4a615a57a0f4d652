import { describe, expect, it, vi } from 'vitest';
import type { RpcOutcome } from '../../jsonrpc.js';
import { CancelledError } from '../errors.js';
import { LISTEN_ACKNOWLEDGED } from '../pending.js';
import { DEFAULT_UPSTREAM_LIMITS, type Inbound, type UpstreamRequestOptions } from '../upstream.js';
import { ListenStream } from './listen-stream.js';

interface Opened {
  readonly notifications: Record<string, unknown>;
  readonly options: UpstreamRequestOptions;
  acknowledge(agreed?: object): void;
  end(outcome: RpcOutcome | Error): void;
  ended: boolean;
}

/** The streams that a server sees, and what it does with them. */
function setUp() {
  const opened: Opened[] = [];
  const missed: Inbound[] = [];
  const warnings: string[] = [];
  const wire = {
    limits: { ...DEFAULT_UPSTREAM_LIMITS, streamRetryMs: 1 },
    request: (_method: string, params: object | undefined, options: UpstreamRequestOptions) =>
      new Promise<RpcOutcome>((resolve, reject) => {
        const { notifications } = params as { notifications: Record<string, unknown> };
        const stream: Opened = {
          notifications,
          options,
          ended: false,
          acknowledge: (agreed = notifications) =>
            options.onMessage!({ jsonrpc: '2.0', method: LISTEN_ACKNOWLEDGED, params: { notifications: agreed } }),
          end: (outcome) => {
            stream.ended = true;
            if (outcome instanceof Error) reject(outcome);
            else resolve(outcome);
          },
        };
        opened.push(stream);
      }),
    cancel: (options: UpstreamRequestOptions) => {
      const stream = opened.find((candidate) => candidate.options === options && !candidate.ended);
      stream?.end(new CancelledError('cancelled'));
      return stream !== undefined;
    },
  };
  const listen = new ListenStream(wire, {
    self: { clientInfo: { name: 's', version: '1' }, capabilities: {} },
    onMissed: (message) => missed.push(message),
    onWarning: (text) => warnings.push(text),
  });
  return { listen, opened, missed, warnings };
}

const until = <T>(check: () => T) => vi.waitFor(check, { timeout: 5_000, interval: 5 });

describe('the stream of changes', () => {
  it('asks for the lists that may change, and for nothing when none does', () => {
    const { listen, opened } = setUp();
    listen.lists({ tools: {}, logging: {} });
    expect(opened).toEqual([]);
    listen.lists({ tools: { listChanged: true }, resources: { listChanged: true, subscribe: true } });
    expect(opened[0]!.notifications).toEqual({ toolsListChanged: true, resourcesListChanged: true });
  });

  it('is replaced for one more resource; the old one ends when the new one is acknowledged', async () => {
    const { listen, opened } = setUp();
    const first = listen.subscribe('a:1');
    opened[0]!.acknowledge();
    expect(await first).toEqual({ result: {} });
    const second = listen.subscribe('a:2');
    await until(() => expect(opened).toHaveLength(2));
    expect(opened[1]!.notifications).toEqual({ resourceSubscriptions: ['a:1', 'a:2'] });
    expect(opened[0]!.ended).toBe(false);
    opened[1]!.acknowledge();
    expect(await second).toEqual({ result: {} });
    expect(opened.map(({ ended }) => ended)).toEqual([true, false]);
    expect(listen.size).toBe(1);
  });

  it('is replaced once for what is asked for at the same time', async () => {
    const { listen, opened } = setUp();
    const all = ['a:1', 'a:2', 'a:3'].map((uri) => listen.subscribe(uri));
    opened[0]!.acknowledge();
    await until(() => expect(opened).toHaveLength(2));
    opened[1]!.acknowledge();
    expect(await Promise.all(all)).toEqual([{ result: {} }, { result: {} }, { result: {} }]);
    expect(opened).toHaveLength(2);
    expect(opened[1]!.notifications).toEqual({ resourceSubscriptions: ['a:1', 'a:2', 'a:3'] });
  });

  it('refuses a resource that the server does not report, and one that it refuses', async () => {
    const { listen, opened } = setUp();
    const silent = listen.subscribe('a:1');
    opened[0]!.acknowledge({});
    expect(await silent).toMatchObject({ error: { code: -32602, message: expect.stringContaining('a:1') } });
    const refused = listen.subscribe('a:2');
    await until(() => expect(opened).toHaveLength(2));
    const error = { code: -32601, message: 'no such method' };
    opened[1]!.end({ error });
    expect(await refused).toEqual({ error });
    expect(await listen.subscribe(undefined)).toMatchObject({ error: { code: -32602 } });
  });

  it('ends with the last resource', async () => {
    const { listen, opened } = setUp();
    const first = listen.subscribe('a:1');
    opened[0]!.acknowledge();
    await first;
    await listen.unsubscribe('a:1');
    expect(opened.map(({ ended }) => ended)).toEqual([true]);
    await until(() => expect(listen.size).toBe(0));
  });

  it.each([
    ['breaks off', (stream: Opened) => stream.end(new Error('reset'))],
    ['is ended by the server', (stream: Opened) => stream.end({ result: {} })],
    [
      'is ended over stdio',
      ({ options }: Opened) => options.onMessage!({ jsonrpc: '2.0', method: 'notifications/cancelled', params: {} }),
    ],
  ])('is opened again when it %s, and what may have been missed is told', async (_how, end) => {
    const { listen, opened, missed } = setUp();
    listen.lists({ tools: { listChanged: true } });
    opened[0]!.acknowledge();
    const subscribed = listen.subscribe('a:1');
    await until(() => expect(opened).toHaveLength(2));
    opened[1]!.acknowledge();
    await subscribed;
    end(opened[1]!);
    await until(() => expect(opened).toHaveLength(3));
    expect(missed).toEqual([]);
    opened[2]!.acknowledge();
    await until(() =>
      expect(missed.map(({ method }) => method)).toEqual([
        'notifications/tools/list_changed',
        'notifications/resources/updated',
      ]),
    );
    listen.close();
    expect(opened[2]!.ended).toBe(true);
  });

  it('is given up, with a warning, where the server does not know it', async () => {
    const { listen, opened, warnings } = setUp();
    listen.lists({ tools: { listChanged: true } });
    opened[0]!.end({ error: { code: -32601, message: 'unknown' } });
    await until(() => expect(warnings).toEqual([expect.stringContaining('unknown')]));
    expect(listen.size).toBe(0);
  });
});
