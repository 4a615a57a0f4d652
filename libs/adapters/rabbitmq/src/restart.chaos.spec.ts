import { newId } from '@signalbox/contracts';
import { BusUnavailableError, RequestTimeoutError } from '@signalbox/ports';
import { describeWithServers, requireLab, waitFor } from '@signalbox/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeFromBroker, uniquePrefix } from '../test/bus-harness.js';
import { RabbitMqBus } from './index.js';

const message = (type: string, body: unknown) => ({ id: newId(), type, body });
const RESUMED_MS = 10_000;

describeWithServers(['AMQP_URL'], 'the bus when RabbitMQ itself is in trouble', (url) => {
  const lab = requireLab();
  let prefix: string;
  let opened: RabbitMqBus[];

  const open = async (instanceId: string) => {
    const bus = await RabbitMqBus.open({ url: url!, instanceId, prefix });
    opened.push(bus);
    return bus;
  };

  beforeEach(() => {
    prefix = uniquePrefix();
    opened = [];
  });

  afterEach(async () => {
    const queues = opened.flatMap((bus) => bus.declaredQueues().map(({ name }) => name));
    await Promise.all(opened.map((bus) => bus.close({ drainMs: 0 })));
    await removeFromBroker(url!, prefix, queues);
  });

  it.runIf(lab)('loses nothing confirmed over a restart under load, and resumes within 10 s', async () => {
    const [publisher, requester] = [await open('publisher'), await open('requester')];
    const workers = await Promise.all(
      ['worker-1', 'worker-2'].map(async (name) => {
        const bus = await open(name);
        const received = new Set<unknown>();
        await bus.consume({ name: 'work', topics: ['load'] }, ({ body }) => void received.add(body));
        await bus.consume({ name: 'commands', transient: true }, (delivery) => delivery.reply(delivery.body));
        return received;
      }),
    );
    const confirmed: number[] = [];
    const failures: unknown[] = [];
    let answered = 0;
    let [next, stop] = [0, false];
    const publishing = Array.from({ length: 10 }, async () => {
      while (!stop) {
        const n = next++;
        const how = n % 2 ? publisher.publish(message('load', n)) : publisher.send('work', message('load', n));
        await how.then(
          () => confirmed.push(n),
          (error: unknown) => failures.push(error),
        );
      }
    });
    const requesting = Array.from({ length: 5 }, async () => {
      while (!stop) {
        const asked = requester.request('commands', message('ask', 1), { deadline: Date.now() + 2_000 });
        await asked.then(
          () => answered++,
          (error: unknown) => failures.push(error),
        );
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    await waitFor(() => confirmed.length > 300 && answered > 100, { timeoutMs: 30_000 });
    await lab!('restart', 'rabbitmq');
    const [confirmedBefore, answeredBefore] = [confirmed.length, answered];
    const receivedBefore = workers.map(({ size }) => size);
    await waitFor(
      () =>
        confirmed.length > confirmedBefore + 100 &&
        answered > answeredBefore + 100 &&
        workers.every(({ size }, i) => size > receivedBefore[i]!),
      { timeoutMs: RESUMED_MS },
    );
    stop = true;
    await Promise.all([...publishing, ...requesting]);
    await waitFor(() => confirmed.every((n) => workers.some((received) => received.has(n))), { timeoutMs: 15_000 });
    for (const failure of failures) {
      if (!(failure instanceof RequestTimeoutError)) expect(failure).toMatchObject({ retryable: true });
    }
  });

  it.runIf(lab)('takes a broker that is short of memory for an outage', async () => {
    const bus = await open('publisher');
    const received: unknown[] = [];
    await bus.consume({ name: 'work', topics: ['topic'] }, ({ body }) => void received.push(body));
    let n = 0;
    try {
      await lab!('rabbitmqctl', 'set_vm_memory_high_watermark', 'absolute', '1');
      const blocked = () =>
        bus
          .publish(message('topic', n++))
          .then(() => bus.ping())
          .then(
            () => false,
            (error: unknown) => error,
          );
      const error = await waitFor(blocked, { timeoutMs: 15_000, intervalMs: 50 });
      expect(error).toBeInstanceOf(BusUnavailableError);
      await expect(bus.ping()).rejects.toThrow(/short of memory/);
      await expect(bus.request('work', message('ask', 1), { deadline: Date.now() + 1_000 })).rejects.toThrow(
        /short of memory/,
      );
    } finally {
      await lab!('rabbitmqctl', 'set_vm_memory_high_watermark', '0.6');
    }
    await waitFor(() => bus.ping().then(() => true), { timeoutMs: RESUMED_MS });
    await bus.publish(message('topic', 'after'));
    await waitFor(() => received.includes('after'));
  });
});
