import { BusOverloadedError } from '@signalbox/ports';
import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { InProcessBus, MemoryDeadLetters, type InProcessBusOptions } from './index.js';

const message = (body: unknown) => ({ id: '1', type: 'test', body });

describe('InProcessBus in its process', () => {
  const opened: InProcessBus[] = [];
  const open = (options: InProcessBusOptions = {}): InProcessBus => {
    const bus = new InProcessBus(options);
    opened.push(bus);
    return bus;
  };
  afterEach(async () => {
    for (const bus of opened.splice(0)) await bus.close({ drainMs: 0 });
  });

  it('takes turns between consumers', async () => {
    const bus = open();
    const taken: string[] = [];
    for (const name of ['a', 'b', 'c']) await bus.consume({ name: 'q' }, () => void taken.push(name));
    for (let i = 0; i < 7; i++) await bus.send('q', message(i));
    await vi.waitFor(() => expect(taken.join('')).toBe('abcabca'));
  });

  it('does not run a handler below its sender on the stack', async () => {
    const bus = open();
    const order: string[] = [];
    await bus.consume({ name: 'q' }, () => void order.push('handler'));
    const sent = bus.send('q', message(1));
    order.push('sender');
    await sent;
    await vi.waitFor(() => expect(order).toEqual(['sender', 'handler']));
  });

  it('gives the event loop a turn while handlers feed their own queue', async () => {
    const bus = open();
    let count = 0;
    await bus.consume({ name: 'q' }, async () => {
      count++;
      await bus.send('q', message(count));
    });
    await bus.send('q', message(0));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(count).toBeGreaterThan(100);
  });

  it('carries nothing of a sender’s async context to the handler', async () => {
    const bus = open();
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    await storage.run('consumer', () => bus.consume({ name: 'q' }, () => void seen.push(storage.getStore())));
    await storage.run('sender', () => bus.send('q', message(1)));
    await vi.waitFor(() => expect(seen).toEqual(['consumer']));
  });

  it('hands bodies over without copying, frozen when asked to', async () => {
    const body = { list: [{ n: 1 }] };
    const bodies: unknown[] = [];
    const bus = open();
    await bus.consume({ name: 'q' }, (delivery) => void bodies.push(delivery.body));
    await bus.send('q', message(body));
    await vi.waitFor(() => expect(bodies[0]).toBe(body));
    expect(Object.isFrozen(body)).toBe(false);
    await open({ freezeBodies: true }).send('q', message(body));
    expect(() => body.list.push({ n: 2 })).toThrow(TypeError);
  });

  it('bounds queues nobody ever consumed, and their number', async () => {
    const bus = open({ undeclaredMaxLength: 2, maxQueues: 2 });
    await bus.send('a', message(1));
    await bus.send('a', message(2));
    await expect(bus.send('a', message(3))).rejects.toThrow(BusOverloadedError);
    await bus.send('b', message(1));
    await expect(bus.send('c', message(1))).rejects.toThrow(/queue c.*2 queues/);
    const taken: unknown[] = [];
    await bus.consume({ name: 'a' }, ({ body }) => void taken.push(body));
    await vi.waitFor(() => expect(taken).toEqual([1, 2]));
  });

  it('bounds the publishes that wait for one queue', async () => {
    const bus = open({ maxWaitingPublishes: 1 });
    const consumer = await bus.consume({ name: 'q', topics: ['test'], maxLength: 1 }, () => 'ack');
    await consumer.cancel();
    await bus.publish(message(1));
    const waiting = bus.publish(message(2)).catch((error: unknown) => error);
    await expect(bus.publish(message(3))).rejects.toThrow(BusOverloadedError);
    await bus.close();
    expect(await waiting).toMatchObject({ name: 'BusUnavailableError' });
  });

  it('counts messages that wait for another attempt against the length of their queue', async () => {
    const bus = open({ backoff: () => 60_000 });
    await bus.consume({ name: 'q', maxLength: 2 }, () => 'retry');
    for (const i of [1, 2]) await bus.send('q', message(i));
    await vi.waitFor(() => expect(bus.statistics()).toEqual([{ name: 'q', waiting: 2, inHand: 0, consumers: 1 }]));
    await expect(bus.send('q', message(3))).rejects.toThrow(BusOverloadedError);
  });

  it('tells requesters at once that the exclusive queue has gone', async () => {
    const bus = open();
    const hand = { name: 'q', exclusive: true, prefetch: 1 };
    const consumer = await bus.consume(hand, () => new Promise(() => undefined));
    await bus.send('q', message(1));
    const reply = bus.request('q', message(2), { deadline: Date.now() + 60_000 });
    const refused = expect(reply).rejects.toThrow(/deleted/);
    await consumer.cancel();
    await refused;
  });

  it('tells of errors that no caller hears of', async () => {
    const onError = vi.fn();
    const bus = open({ onError, backoff: () => 1 });
    const failing = new Error('broken');
    await bus.consume({ name: 'q', maxRetries: 0 }, () => {
      throw failing;
    });
    await bus.send('q', message(1));
    await vi.waitFor(() => expect(onError).toHaveBeenCalledWith(failing, 'handler of queue q'));
  });

  it('makes no timer for a handler that fails after the bus was closed', async () => {
    const bus = open();
    let fail!: () => void;
    const failing = new Promise<void>((_, reject) => (fail = () => reject(new Error('late'))));
    await bus.consume({ name: 'q' }, () => failing);
    await bus.send('q', message(1));
    await vi.waitFor(() => expect(bus.statistics()[0]!.inHand).toBe(1));
    await bus.close({ drainMs: 0 });
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      fail();
      await failing.catch(() => undefined);
      await new Promise((resolve) => setImmediate(resolve));
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('lets go of requests and timers when they are done', async () => {
    const bus = open();
    await bus.consume({ name: 'q' }, (delivery) => delivery.reply(1));
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      for (let i = 0; i < 100; i++) await bus.request('q', message(i), { deadline: Date.now() + 60_000 });
      vi.advanceTimersByTime(20);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('MemoryDeadLetters', () => {
  it('forgets the oldest when it is full', async () => {
    const letters = new MemoryDeadLetters(2);
    for (const id of ['a', 'b', 'c']) {
      await letters.add({ id, queue: 'q', reason: '', attempts: 1, time: '', message: message(1) });
    }
    expect((await letters.list({ limit: 10 })).map(({ id }) => id)).toEqual(['b', 'c']);
  });
});
