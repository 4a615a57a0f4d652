import { BusOverloadedError } from '@signalbox/ports';
import { describe, expect, it, vi } from 'vitest';
import {
  busForEachTest,
  message,
  quietMoment,
  type MessageBusCapabilities,
  type MessageBusHarness,
} from './bus-under-test.js';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** `send`, competing consumers, prefetch, order, bounds and expiry. */
export function workContract(harness: MessageBusHarness, { lengthMargin = 0 }: MessageBusCapabilities): void {
  describe('work queues', () => {
    const test = busForEachTest(harness);

    it('keeps the order of one sender for one consumer', async () => {
      const queue = await test().collect({ name: test().name() });
      for (const i of numbers(300)) void test().bus.send(queue.queue, message('n', i));
      await queue.count(300);
      expect(queue.bodies()).toEqual(numbers(300));
    });

    it('keeps what is sent to a queue that nobody consumes yet', async () => {
      const name = test().name();
      for (const i of numbers(5)) await test().bus.send(name, message('n', i));
      const queue = await test().collect({ name });
      await queue.count(5);
      expect(queue.bodies()).toEqual(numbers(5));
    });

    it('gives each message to one of the competing consumers, and to all of them in turn', async () => {
      const name = test().name();
      const consumers = await Promise.all([1, 2, 3].map(() => test().collect({ name, prefetch: 1 })));
      for (const i of numbers(90)) await test().bus.send(name, message('n', i));
      const all = () => consumers.flatMap((consumer) => consumer.bodies() as number[]);
      await vi.waitFor(() => expect(all()).toHaveLength(90));
      expect(all().sort((a, b) => a - b)).toEqual(numbers(90));
      for (const consumer of consumers) expect(consumer.deliveries.length).toBeGreaterThanOrEqual(10);
    });

    it('hands a consumer no more than its prefetch until it settles', async () => {
      const gate = test().gate();
      const queue = await test().collect({ name: test().name(), prefetch: 3 }, () => gate.opened);
      for (const i of numbers(10)) await test().bus.send(queue.queue, message('n', i));
      await queue.count(3);
      await quietMoment();
      expect(queue.bodies()).toEqual([0, 1, 2]);
      gate.open();
      await queue.count(10);
      expect(queue.bodies()).toEqual(numbers(10));
    });

    it('lets a fast consumer do the work of a slow one', async () => {
      const name = test().name();
      const gate = test().gate();
      const slow = await test().collect({ name, prefetch: 1 }, () => gate.opened);
      const fast = await test().collect({ name, prefetch: 1 });
      for (const i of numbers(50)) await test().bus.send(name, message('n', i));
      await fast.count(49);
      expect(slow.deliveries).toHaveLength(1);
    });

    it('refuses a send to a full queue, and takes it again when there is room', async () => {
      const gate = test().gate();
      const queue = await test().collect({ name: test().name(), prefetch: 1, maxLength: 3 }, () => gate.opened);
      const send = (i: number) => test().bus.send(queue.queue, message('n', i));
      await send(0);
      await queue.count(1);
      for (const i of [1, 2, 3]) await send(i);
      const beyond = await acceptedBeyond(4, send);
      await expect(send(8)).rejects.toMatchObject({ name: 'BusOverloadedError', retryable: true });
      gate.open();
      await queue.count(4 + beyond.length);
      await send(9);
      await queue.count(5 + beyond.length);
      expect(queue.bodies()).toEqual([0, 1, 2, 3, ...beyond, 9]);
    });

    it('lets a publish to a full queue wait for room, in order', async () => {
      const gate = test().gate();
      const topic = test().name();
      const spec = { name: test().name(), topics: [topic], prefetch: 1, maxLength: 1 };
      const queue = await test().collect(spec, () => gate.opened);
      await test().bus.publish(message(topic, 0));
      await queue.count(1);
      const published = [1, 2, 3].map((i) => test().bus.publish(message(topic, i)));
      setTimeout(gate.open, 30);
      await Promise.all(published);
      await queue.count(4);
      expect(queue.bodies()).toEqual([0, 1, 2, 3]);
    });

    it('refuses a publish when a queue stays full', async () => {
      const gate = test().gate();
      const topic = test().name();
      const spec = { name: test().name(), topics: [topic], prefetch: 1, maxLength: 1 };
      const queue = await test().collect(spec, () => gate.opened);
      await test().bus.publish(message(topic, 0));
      await queue.count(1);
      await test().bus.publish(message(topic, 1));
      const beyond = await acceptedBeyond(2, (i) => test().bus.publish(message(topic, i)));
      gate.open();
      await queue.count(2 + beyond.length);
      await quietMoment();
      expect(queue.bodies()).toEqual([0, 1, ...beyond]);
    });

    /** Sends until the queue refuses, which it does after no more than its margin. */
    async function acceptedBeyond(first: number, send: (i: number) => Promise<void>): Promise<number[]> {
      const accepted: number[] = [];
      for (let i = first; i < first + lengthMargin; i++) {
        const refused = await send(i).then(
          () => false,
          () => true,
        );
        if (refused) return accepted;
        accepted.push(i);
      }
      await expect(send(first + lengthMargin)).rejects.toThrow(BusOverloadedError);
      return accepted;
    }

    it('does not start what has expired', async () => {
      const gate = test().gate();
      const queue = await test().collect({ name: test().name(), prefetch: 1 }, () => gate.opened);
      const send = (body: string, expiresAt?: number) =>
        test().bus.send(queue.queue, message('n', body, { expiresAt }));
      await send('first');
      await queue.count(1);
      await send('expires in the queue', Date.now() + 60);
      await send('expired before it was sent', Date.now() - 1000);
      await send('has time', Date.now() + 60_000);
      await quietMoment(120);
      gate.open();
      await queue.count(2);
      await quietMoment();
      expect(queue.bodies()).toEqual(['first', 'has time']);
    });

    it('lets a cancelled consumer finish what it has in hand, and gives the rest to others', async () => {
      const name = test().name();
      const gate = test().gate();
      const settled: unknown[] = [];
      const first = await test().collect({ name, prefetch: 2 }, async (delivery) => {
        await gate.opened;
        settled.push(delivery.body);
      });
      for (const i of numbers(6)) await test().bus.send(name, message('n', i));
      await first.count(2);
      // not awaited: an adapter may wait for what is in hand
      const cancelled = first.consumer.cancel();
      const second = await test().collect({ name });
      await second.count(4);
      gate.open();
      await cancelled;
      await vi.waitFor(() => expect(settled).toEqual([0, 1]));
      await test().bus.send(name, message('n', 6));
      await second.count(5);
      expect(first.bodies()).toEqual([0, 1]);
      expect(second.bodies()).toEqual([2, 3, 4, 5, 6]);
    });

    it('deletes an exclusive queue with its consumer', async () => {
      const topic = test().name();
      const spec = { name: test().name(), topics: [topic], exclusive: true };
      const first = await test().collect(spec);
      await test().bus.publish(message(topic, 1), { mandatory: true });
      await first.count(1);
      await first.consumer.cancel();
      await vi.waitFor(() => expect(test().bus.publish(message(topic, 2), { mandatory: true })).rejects.toThrow(/./));
      const second = await test().collect(spec);
      await test().bus.publish(message(topic, 3));
      await second.count(1);
      expect(second.bodies()).toEqual([3]);
    });

    it('gives an exclusive queue to one consumer only', async () => {
      const spec = { name: test().name(), exclusive: true };
      await test().collect(spec);
      await expect(test().collect(spec)).rejects.toThrow(spec.name);
      await expect(test().collect({ name: spec.name })).rejects.toThrow(spec.name);
    });

    it.each([
      [{ prefetch: 0 }, /prefetch.*0/],
      [{ prefetch: 1.5 }, /prefetch.*1\.5/],
      [{ maxRetries: -1 }, /maxRetries.*-1/],
      [{ maxLength: 0 }, /maxLength.*0/],
    ])('refuses a queue with %j, and says why', async (wrong, expected) => {
      await expect(test().collect({ name: test().name(), ...wrong })).rejects.toThrow(expected);
    });
  });
}
