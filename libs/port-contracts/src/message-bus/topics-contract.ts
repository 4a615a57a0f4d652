import { UnroutableError } from '@signalbox/ports';
import { describe, expect, it } from 'vitest';
import { busForEachTest, message, type MessageBusHarness } from './bus-under-test.js';

/** pattern, topic, whether they match; each behind a first word of the test's own. */
const WILDCARDS: readonly (readonly [pattern: string, topic: string, matches: boolean])[] = [
  ['call.completed', 'call.completed', true],
  ['call.completed', 'call.failed', false],
  ['call.completed', 'call', false],
  ['call', 'call.completed', false],
  ['*', 'call', true],
  ['*', 'call.completed', false],
  ['*.completed', 'call.completed', true],
  ['*.completed', 'completed', false],
  ['call.*', 'call.completed', true],
  ['call.*', 'call', false],
  ['call.*', 'call.completed.late', false],
  ['call.*.late', 'call.completed.late', true],
  ['*.*', 'call.completed', true],
  ['#', 'call', true],
  ['#', 'call.completed.late', true],
  ['call.#', 'call', true],
  ['call.#', 'call.completed', true],
  ['call.#', 'call.completed.late', true],
  ['call.#', 'caller.completed', false],
  ['#.late', 'late', true],
  ['#.late', 'call.completed.late', true],
  ['#.late', 'call.late.completed', false],
  ['call.#.late', 'call.late', true],
  ['call.#.late', 'call.a.b.c.late', true],
  ['#.b.#', 'a.b.c', true],
  ['#.b.#', 'b', true],
  ['#.b.#', 'a.c', false],
  ['*.#', 'a', true],
  ['*.#.c', 'a.b.c', true],
  ['*.#.c', 'c', false],
  ['#.*', 'a', true],
  ['#.#', 'a.b', true],
  ['call.c*', 'call.completed', false],
  ['call.+', 'call.x', false],
];

export function topicsContract(harness: MessageBusHarness): void {
  describe('topics', () => {
    const test = busForEachTest(harness);

    it.each(WILDCARDS)('%s takes %s: %s', async (pattern, topic, matches) => {
      const { bus } = test();
      const root = test().name();
      const queue = await test().collect({ name: test().name(), topics: [`${root}.${pattern}`, `${root}.-end-`] });
      await bus.publish(message(`${root}.${topic}`, 'it'));
      await bus.publish(message(`${root}.-end-`, 'end'));
      await queue.count(matches ? 2 : 1);
      expect(queue.bodies()).toEqual(matches ? ['it', 'end'] : ['end']);
    });

    it('reaches every queue that matches, each once, whatever the number of its matching patterns', async () => {
      const { bus } = test();
      const root = test().name();
      const both = await test().collect({ name: test().name(), topics: [`${root}.*`, `${root}.#`, `${root}.a`] });
      const other = await test().collect({ name: test().name(), topics: [`${root}.a`] });
      const none = await test().collect({ name: test().name(), topics: [`${root}.b`] });
      await bus.publish(message(`${root}.a`, 1));
      await bus.publish(message(`${root}.b`, 2));
      await Promise.all([both.count(2), other.count(1), none.count(1)]);
      expect([both.bodies(), other.bodies(), none.bodies()]).toEqual([[1, 2], [1], [2]]);
    });

    it('takes the bindings that a later consumer of the queue adds', async () => {
      const { bus } = test();
      const [root, name] = [test().name(), test().name()];
      const first = await test().collect({ name, topics: [`${root}.a`] });
      await bus.publish(message(`${root}.b`, 'too early'));
      await first.consumer.cancel();
      const second = await test().collect({ name, topics: [`${root}.b`] });
      await bus.publish(message(`${root}.a`, 'a'));
      await bus.publish(message(`${root}.b`, 'b'));
      await second.count(2);
      expect(second.bodies()).toEqual(['a', 'b']);
    });

    it('lets a message to nobody go, and refuses it when it is mandatory', async () => {
      const { bus } = test();
      const topic = `${test().name()}.nobody`;
      await expect(bus.publish(message(topic, 1))).resolves.toBeUndefined();
      await expect(bus.publish(message(topic, 1), { mandatory: true })).rejects.toThrow(UnroutableError);
      const queue = await test().collect({ name: test().name(), topics: [topic] });
      await bus.publish(message(topic, 2), { mandatory: true });
      await queue.count(1);
      expect(queue.bodies()).toEqual([2]);
    });

    it('keeps messages for a bound queue whose consumer has gone', async () => {
      const { bus } = test();
      const spec = { name: test().name(), topics: [`${test().name()}.#`] };
      const first = await test().collect(spec);
      await first.consumer.cancel();
      await bus.publish(message(spec.topics[0]!.replace('#', 'a'), 'kept'), { mandatory: true });
      const second = await test().collect(spec);
      await second.count(1);
      expect(second.bodies()).toEqual(['kept']);
    });

    it('says whether a topic is heard, if it can tell', async () => {
      const { bus } = test();
      const topic = `${test().name()}.heard`;
      expect(bus.hears?.(topic) ?? false).toBe(false);
      await test().collect({ name: test().name(), topics: [`${topic.split('.')[0]}.#`] });
      expect(bus.hears?.(topic) ?? true).toBe(true);
    });

    it('hands over all fields of a message', async () => {
      const { bus } = test();
      const topic = `${test().name()}.fields`;
      const queue = await test().collect({ name: test().name(), topics: [topic] });
      const body = { text: 'ä\u0000€😀', list: [1, null, true, { deep: [] }], empty: '' };
      const sent = message(topic, body, {
        correlationId: 'correlation',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        expiresAt: Date.now() + 60_000,
      });
      await bus.publish(sent, { persistent: true });
      await queue.count(1);
      expect(queue.deliveries[0]).toMatchObject({ ...sent, attempt: 1 });
    });
  });
}
