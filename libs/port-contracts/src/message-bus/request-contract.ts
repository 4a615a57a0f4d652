import { BusOverloadedError, NoConsumerError, RequestTimeoutError } from '@signalbox/ports';
import { describe, expect, it, vi } from 'vitest';
import {
  busForEachTest,
  message,
  quietMoment,
  soon,
  type MessageBusCapabilities,
  type MessageBusHarness,
} from './bus-under-test.js';

/** Request and reply: parts, deadline, abort, nobody there. */
export function requestContract(harness: MessageBusHarness, { lengthMargin = 0 }: MessageBusCapabilities): void {
  describe('requests', () => {
    const test = busForEachTest(harness);

    const ask = (queue: string, body: unknown, options: { deadline?: number; signal?: AbortSignal } = {}) => {
      const parts: unknown[] = [];
      const onPart = (part: unknown) => void parts.push(part);
      const reply = test().bus.request(queue, message('ask', body), { deadline: soon(), onPart, ...options });
      return { reply, parts };
    };

    it.each([{ answer: 42 }, 'text', 0, false, null, [1, [2]], { nested: { list: [null] } }])(
      'brings the reply %j',
      async (answer) => {
        const queue = await test().collect({ name: test().name() }, (delivery) => void delivery.reply(answer));
        expect(await ask(queue.queue, 'question').reply).toEqual(answer);
        expect(queue.deliveries[0]).toMatchObject({ type: 'ask', body: 'question', attempt: 1 });
      },
    );

    it('brings parts in order and before the reply', async () => {
      const queue = await test().collect({ name: test().name() }, async (delivery) => {
        for (let i = 0; i < 100; i++) {
          delivery.part(i);
          if (i % 10 === 0) await quietMoment(1);
        }
        delivery.reply('done');
      });
      const { reply, parts } = ask(queue.queue, 1);
      expect(await reply).toBe('done');
      expect(parts).toEqual(Array.from({ length: 100 }, (_, i) => i));
    });

    it('keeps the answers of interleaved requesters apart', async () => {
      const name = test().name();
      const queue = await test().collect({ name }, async (delivery) => {
        const who = delivery.body as string;
        for (let i = 0; i < 5; i++) {
          delivery.part(`${who}.${i}`);
          await quietMoment(1);
        }
        delivery.reply(who);
      });
      const asked = Array.from({ length: 20 }, (_, i) => ({ who: `r${i}`, ...ask(queue.queue, `r${i}`) }));
      for (const { who, reply, parts } of asked) {
        expect(await reply).toBe(who);
        expect(parts).toEqual([0, 1, 2, 3, 4].map((i) => `${who}.${i}`));
      }
    });

    it('brings a reply that is sent after the handler has settled', async () => {
      const queue = await test().collect({ name: test().name() }, (delivery) => {
        setTimeout(() => delivery.reply('late'), 20);
        return 'ack';
      });
      expect(await ask(queue.queue, 1).reply).toBe('late');
    });

    it('takes the first of several replies', async () => {
      const queue = await test().collect({ name: test().name() }, (delivery) => {
        delivery.reply('first');
        delivery.reply('second');
        delivery.part('too late');
      });
      const { reply, parts } = ask(queue.queue, 1);
      expect(await reply).toBe('first');
      await quietMoment();
      expect(parts).toEqual([]);
    });

    it('lets a failed attempt be answered by the next one', async () => {
      const queue = await test().collect({ name: test().name() }, (delivery) => {
        if (delivery.attempt === 1) throw new Error('not yet');
        delivery.reply(delivery.attempt);
      });
      expect(await ask(queue.queue, 1).reply).toBe(2);
    });

    it('does not mind parts and replies to what was no request', async () => {
      const queue = await test().collect({ name: test().name() }, (delivery) => {
        delivery.part(1);
        delivery.reply(2);
      });
      await test().bus.send(queue.queue, message('n', 1));
      await test().bus.send(queue.queue, message('n', 2));
      await queue.count(2);
    });

    it('rejects at the deadline, not before and not much later', async () => {
      const queue = await test().collect({ name: test().name() });
      const started = Date.now();
      await expect(ask(queue.queue, 1, { deadline: started + 100 }).reply).rejects.toThrow(RequestTimeoutError);
      const took = Date.now() - started;
      expect(took).toBeGreaterThanOrEqual(99);
      expect(took).toBeLessThan(1_500);
    });

    it('rejects when the deadline has passed already', async () => {
      const queue = await test().collect({ name: test().name() }, (delivery) => void delivery.reply(1));
      await expect(ask(queue.queue, 1, { deadline: Date.now() - 1 }).reply).rejects.toThrow(RequestTimeoutError);
      await quietMoment();
      expect(queue.deliveries).toEqual([]);
    });

    it('does not start a request whose deadline has passed in the queue', async () => {
      const gate = test().gate();
      const queue = await test().collect({ name: test().name(), prefetch: 1 }, (delivery) =>
        gate.opened.then(() => delivery.reply('ok')),
      );
      const first = ask(queue.queue, 'first');
      await queue.count(1);
      await expect(ask(queue.queue, 'too late', { deadline: soon(60) }).reply).rejects.toThrow(RequestTimeoutError);
      gate.open();
      expect(await first.reply).toBe('ok');
      expect(await ask(queue.queue, 'after').reply).toBe('ok');
      expect(queue.bodies()).toEqual(['first', 'after']);
    });

    it('tells the handler the deadline', async () => {
      const queue = await test().collect({ name: test().name() }, (delivery) => void delivery.reply(1));
      const deadline = soon(4_000);
      await ask(queue.queue, 1, { deadline }).reply;
      expect(queue.deliveries[0]!.expiresAt).toBe(deadline);
    });

    it('ignores parts and replies after the deadline', async () => {
      const gate = test().gate();
      const queue = await test().collect({ name: test().name() }, async (delivery) => {
        await gate.opened;
        delivery.part('late');
        delivery.reply('late');
      });
      const { reply, parts } = ask(queue.queue, 1, { deadline: soon(50) });
      await expect(reply).rejects.toThrow(RequestTimeoutError);
      gate.open();
      await quietMoment();
      expect(parts).toEqual([]);
    });

    it('stops waiting when it is aborted, with the reason', async () => {
      const gate = test().gate();
      const queue = await test().collect({ name: test().name() }, (delivery) =>
        gate.opened.then(() => delivery.reply('late')),
      );
      const controller = new AbortController();
      const { reply } = ask(queue.queue, 1, { signal: controller.signal });
      await queue.count(1);
      controller.abort(new Error('the client has gone'));
      await expect(reply).rejects.toThrow('the client has gone');
      const aborted = AbortSignal.abort(new Error('before it began'));
      await expect(ask(queue.queue, 2, { signal: aborted }).reply).rejects.toThrow('before it began');
      await quietMoment();
      expect(queue.bodies()).toEqual([1]);
    });

    it('rejects at once when nothing consumes the queue', async () => {
      const started = Date.now();
      await expect(ask(test().name(), 1).reply).rejects.toThrow(NoConsumerError);
      await expect(ask(test().name(), 1).reply).rejects.toMatchObject({ retryable: true });
      expect(Date.now() - started).toBeLessThan(2_000);
    });

    it('rejects at once when the last consumer has gone', async () => {
      const queue = await test().collect({ name: test().name() }, (delivery) => void delivery.reply('here'));
      expect(await ask(queue.queue, 1).reply).toBe('here');
      await queue.consumer.cancel();
      await vi.waitFor(() => expect(ask(queue.queue, 1).reply).rejects.toThrow(NoConsumerError));
      const next = await test().collect({ name: queue.queue }, (delivery) => void delivery.reply('again'));
      expect(await ask(next.queue, 1).reply).toBe('again');
    });

    it('refuses a request to a full queue', async () => {
      const gate = test().gate();
      const queue = await test().collect({ name: test().name(), prefetch: 1, maxLength: 1 }, (delivery) =>
        gate.opened.then(() => delivery.reply('ok')),
      );
      const first = ask(queue.queue, 1);
      await queue.count(1);
      const waiting = [ask(queue.queue, 2).reply];
      await quietMoment();
      for (let i = 0; i < lengthMargin; i++) {
        const beyond = ask(queue.queue, 'beyond').reply;
        const refused = beyond.then(
          () => false,
          () => true,
        );
        if (!(await Promise.race([refused, quietMoment().then(() => false)]))) waiting.push(beyond);
      }
      await expect(ask(queue.queue, 3).reply).rejects.toThrow(BusOverloadedError);
      gate.open();
      for (const reply of [first.reply, ...waiting]) expect(await reply).toBe('ok');
    });

    it('goes on when onPart throws', async () => {
      const queue = await test().collect({ name: test().name() }, (delivery) => {
        delivery.part(1);
        delivery.reply('done');
      });
      const onPart = () => {
        throw new Error('broken requester');
      };
      const reply = test().bus.request(queue.queue, message('ask', 1), { deadline: soon(), onPart });
      expect(await reply).toBe('done');
      expect(queue.deliveries).toHaveLength(1);
    });
  });
}
