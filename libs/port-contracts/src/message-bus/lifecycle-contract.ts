import { BusUnavailableError } from '@signalbox/ports';
import { describe, expect, it, vi } from 'vitest';
import {
  busForEachTest,
  message,
  quietMoment,
  soon,
  type MessageBusCapabilities,
  type MessageBusHarness,
} from './bus-under-test.js';

export function lifecycleContract(harness: MessageBusHarness, capabilities: MessageBusCapabilities): void {
  describe('lifecycle', () => {
    const test = busForEachTest(harness);

    it('answers pings while it is open', async () => {
      await expect(test().bus.ping()).resolves.toBeUndefined();
      await test().bus.close();
      await expect(test().bus.ping()).rejects.toThrow(/closed/);
    });

    it('hands out nothing more and waits for handlers when it closes', async () => {
      const gate = test().gate();
      let finished = 0;
      const queue = await test().collect({ name: test().name(), prefetch: 1 }, async () => {
        await gate.opened;
        finished++;
      });
      await test().bus.send(queue.queue, message('n', 1));
      await test().bus.send(queue.queue, message('n', 2));
      await queue.count(1);
      let closed = false;
      const closing = test()
        .bus.close({ drainMs: 5_000 })
        .then(() => (closed = true));
      await quietMoment();
      expect(closed).toBe(false);
      gate.open();
      await closing;
      expect(finished).toBe(1);
      await quietMoment();
      expect(queue.deliveries).toHaveLength(1);
    });

    it('brings replies that handlers send while it drains', async () => {
      const gate = test().gate();
      const queue = await test().collect({ name: test().name() }, (delivery) =>
        gate.opened.then(() => delivery.reply('drained')),
      );
      const reply = test().bus.request(queue.queue, message('ask', 1), { deadline: soon() });
      await queue.count(1);
      const closing = test().bus.close({ drainMs: 5_000 });
      gate.open();
      expect(await reply).toBe('drained');
      await closing;
    });

    it('does not wait longer than drainMs, and ends requests nobody answered', async () => {
      const gate = test().gate();
      const queue = await test().collect({ name: test().name() }, () => gate.opened);
      const reply = test().bus.request(queue.queue, message('ask', 1), { deadline: soon(20_000) });
      const refused = expect(reply).rejects.toThrow(BusUnavailableError);
      await queue.count(1);
      const started = Date.now();
      await test().bus.close({ drainMs: 50 });
      await refused;
      expect(Date.now() - started).toBeLessThan(2_000);
    });

    it('refuses everything after close, which may be repeated', async () => {
      const { bus } = test();
      const name = test().name();
      await bus.close();
      await bus.close();
      await expect(bus.send(name, message('n', 1))).rejects.toThrow(BusUnavailableError);
      await expect(bus.publish(message('n', 1))).rejects.toThrow(BusUnavailableError);
      await expect(bus.request(name, message('n', 1), { deadline: soon() })).rejects.toThrow(BusUnavailableError);
      await expect(bus.consume({ name }, () => 'ack')).rejects.toThrow(BusUnavailableError);
    });

    if (capabilities.sharedBetweenConnections)
      it('reaches consumers of other connections', async () => {
        const other = await test().open();
        const topic = test().name();
        const queue = await test().collect(
          { name: test().name(), topics: [topic] },
          (d) => void d.reply('there'),
          other,
        );
        await test().bus.publish(message(topic, 1), { mandatory: true });
        expect(await test().bus.request(queue.queue, message('ask', 2), { deadline: soon() })).toBe('there');
        await vi.waitFor(() => expect(queue.bodies()).toEqual([1, 2]));
      });

    if (capabilities.sharedBetweenConnections)
      it('gives unsettled messages of a lost connection to others', async () => {
        const other = await test().open();
        const gate = test().gate();
        const name = test().name();
        const first = await test().collect({ name }, () => gate.opened, other);
        await test().bus.send(name, message('n', 1));
        await first.count(1);
        await other.close({ drainMs: 0 });
        const second = await test().collect({ name });
        await second.count(1);
        expect(second.bodies()).toEqual([1]);
      });
  });
}
