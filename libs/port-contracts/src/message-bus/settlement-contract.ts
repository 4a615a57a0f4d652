import type { Settlement } from '@signalbox/ports';
import { describe, expect, it, vi } from 'vitest';
import {
  busForEachTest,
  message,
  quietMoment,
  type MessageBusCapabilities,
  type MessageBusHarness,
} from './bus-under-test.js';

/** Ways to ask for another attempt. */
const FAILURES: readonly (readonly [string, () => Settlement | Promise<Settlement | void>])[] = [
  ['returns retry', () => 'retry'],
  ['resolves to retry', async (): Promise<Settlement> => 'retry'],
  [
    'throws at once',
    () => {
      throw new Error('broken handler');
    },
  ],
  ['rejects', () => Promise.reject(new Error('broken handler'))],
  [
    'throws undefined',
    () => {
      throw undefined;
    },
  ],
];

/** ack, retry, park, dead letters and their replay. */
export function settlementContract(harness: MessageBusHarness, capabilities: MessageBusCapabilities): void {
  describe('settlement', () => {
    const test = busForEachTest(harness);

    it.each<[string, () => Settlement | void | Promise<Settlement | void>]>([
      ['ack', () => 'ack'],
      ['nothing', () => undefined],
      ['a promise of ack', async (): Promise<Settlement> => 'ack'],
      ['a promise of nothing', async () => undefined],
    ])('is done with a message whose handler returns %s', async (_, handler) => {
      const queue = await test().collect({ name: test().name() }, handler);
      await test().bus.send(queue.queue, message('n', 1));
      await queue.count(1);
      await quietMoment();
      expect(queue.deliveries).toHaveLength(1);
      expect(await test().bus.deadLetters({ queue: queue.queue })).toEqual([]);
    });

    it.each(FAILURES)('delivers again when the handler %s, then parks', async (_, fail) => {
      const queue = await test().collect({ name: test().name(), maxRetries: 2 }, fail);
      const sent = message('command', { n: 1 }, { correlationId: 'c' });
      await test().bus.send(queue.queue, sent);
      await queue.count(3);
      expect(queue.deliveries.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      expect(queue.deliveries.map(({ id }) => id)).toEqual([sent.id, sent.id, sent.id]);
      const [letter] = await parked(queue.queue, 1);
      expect(letter).toMatchObject({ queue: queue.queue, attempts: 3, message: sent });
      expect(letter!.reason).not.toBe('');
      expect(Date.parse(letter!.time)).toBeGreaterThan(Date.now() - 60_000);
      await quietMoment();
      expect(queue.deliveries).toHaveLength(3);
    });

    it('waits before it delivers again', async () => {
      const times: number[] = [];
      const queue = await test().collect({ name: test().name() }, () => {
        times.push(performance.now());
        return times.length < 2 ? 'retry' : 'ack';
      });
      await test().bus.send(queue.queue, message('n', 1));
      await queue.count(2);
      expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(5);
    });

    it('names the error of the handler in the dead letter', async () => {
      const queue = await test().collect({ name: test().name(), maxRetries: 0 }, () => {
        throw new TypeError('no such tool: hammer');
      });
      await test().bus.send(queue.queue, message('n', 1));
      const [letter] = await parked(queue.queue, 1);
      expect(letter!.reason).toContain('no such tool: hammer');
    });

    it('lets a poison message not hold up the others', async () => {
      const queue = await test().collect({ name: test().name(), prefetch: 1, maxRetries: 2 }, ({ body }) => {
        if (body === 'poison') throw new Error('cannot digest');
        return 'ack';
      });
      for (const body of ['a', 'poison', 'b', 'c']) await test().bus.send(queue.queue, message('n', body));
      await vi.waitFor(() => expect(queue.bodies().filter((body) => body !== 'poison')).toEqual(['a', 'b', 'c']));
      expect(await parked(queue.queue, 1)).toHaveLength(1);
      expect(queue.bodies().filter((body) => body === 'poison')).toHaveLength(3);
    });

    it('parks at once when told to, with the reason', async () => {
      const queue = await test().collect({ name: test().name() }, () => ({ park: 'not for us' }));
      await test().bus.send(queue.queue, message('n', 1));
      const [letter] = await parked(queue.queue, 1);
      expect(letter).toMatchObject({ reason: 'not for us', attempts: 1 });
      await quietMoment();
      expect(queue.deliveries).toHaveLength(1);
    });

    it('takes what is no settlement for a mistake and not for ack', async () => {
      const wrong = 'done' as Settlement;
      const queue = await test().collect({ name: test().name(), maxRetries: 0 }, () => wrong);
      await test().bus.send(queue.queue, message('n', 1));
      const [letter] = await parked(queue.queue, 1);
      expect(letter!.reason).toContain('done');
    });

    it('lists dead letters oldest first, by queue and up to a limit', async () => {
      const park = () => ({ park: 'no' });
      const [a, b] = [
        await test().collect({ name: test().name() }, park),
        await test().collect({ name: test().name() }, park),
      ];
      for (const i of [1, 2, 3]) {
        await test().bus.send(a.queue, message('n', i));
        await parked(a.queue, i);
      }
      await test().bus.send(b.queue, message('n', 4));
      await parked(b.queue, 1);
      const bodies = async (options: object) =>
        (await test().bus.deadLetters(options)).map((letter) => letter.message.body);
      expect(await bodies({ queue: a.queue })).toEqual([1, 2, 3]);
      expect(await bodies({ queue: a.queue, limit: 2 })).toEqual([1, 2]);
      expect(await bodies({ queue: b.queue })).toEqual([4]);
      expect(await bodies({ limit: 10_000 })).toEqual(expect.arrayContaining([1, 2, 3, 4]));
    });

    it('replays a dead letter once, from its first attempt', async () => {
      let broken = true;
      const queue = await test().collect({ name: test().name() }, () => (broken ? { park: 'broken' } : 'ack'));
      const sent = message('n', { n: 1 });
      await test().bus.send(queue.queue, sent);
      const [letter] = await parked(queue.queue, 1);
      broken = false;
      expect(await test().bus.replayDeadLetter(letter!.id)).toBe(true);
      await queue.count(2);
      expect(queue.deliveries[1]).toMatchObject({ id: sent.id, body: sent.body, attempt: 1 });
      expect(await test().bus.deadLetters({ queue: queue.queue })).toEqual([]);
      expect(await test().bus.replayDeadLetter(letter!.id)).toBe(false);
      expect(await test().bus.replayDeadLetter('01ARZ3NDEKTSV4RRFFQ69G5FAV')).toBe(false);
      await quietMoment();
      expect(queue.deliveries).toHaveLength(2);
    });

    it('makes one message of a dead letter that two replay at once', async () => {
      let broken = true;
      const queue = await test().collect({ name: test().name() }, () => (broken ? { park: 'broken' } : 'ack'));
      await test().bus.send(queue.queue, message('n', 1));
      const [letter] = await parked(queue.queue, 1);
      broken = false;
      const replays = await Promise.all([1, 2, 3].map(() => test().bus.replayDeadLetter(letter!.id)));
      expect(replays.filter(Boolean)).toHaveLength(1);
      await queue.count(2);
      await quietMoment();
      expect(queue.deliveries).toHaveLength(2);
    });

    it('replays what has expired meanwhile, as the operator wants it', async () => {
      let broken = true;
      const queue = await test().collect({ name: test().name() }, () => (broken ? { park: 'broken' } : 'ack'));
      await test().bus.send(queue.queue, message('n', 1, { expiresAt: Date.now() + 150 }));
      const [letter] = await parked(queue.queue, 1);
      await quietMoment(200);
      broken = false;
      expect(await test().bus.replayDeadLetter(letter!.id)).toBe(true);
      await queue.count(2);
    });

    if (capabilities.persistentDeadLetters)
      it('keeps dead letters over a restart', async () => {
        const name = test().name();
        const queue = await test().collect({ name }, () => ({ park: 'for later' }));
        const sent = message('n', { n: 1 });
        await test().bus.send(queue.queue, sent);
        await parked(name, 1);
        await test().bus.close();
        const reopened = await test().open();
        const [letter] = await reopened.deadLetters({ queue: name });
        expect(letter).toMatchObject({ reason: 'for later', message: sent });
        expect(await reopened.replayDeadLetter(letter!.id)).toBe(true);
        const again = await test().collect({ name }, () => 'ack', reopened);
        await again.count(1);
        expect(again.bodies()).toEqual([{ n: 1 }]);
      });

    function parked(queue: string, count: number) {
      return vi.waitFor(async () => {
        const letters = await test().bus.deadLetters({ queue });
        expect(letters).toHaveLength(count);
        return letters;
      });
    }
  });
}
