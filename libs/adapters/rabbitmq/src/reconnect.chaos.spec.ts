import { newId } from '@signalbox/contracts';
import { BusOverloadedError, BusUnavailableError } from '@signalbox/ports';
import { describeWithServers, ToxicWay, waitFor } from '@signalbox/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeFromBroker, uniquePrefix } from '../test/bus-harness.js';
import { RabbitMqBus, type RabbitMqBusOptions } from './index.js';

const message = (type: string, body: unknown) => ({ id: newId(), type, body });
const soon = (ms = 5_000) => Date.now() + ms;

describeWithServers(['AMQP_URL', 'TOXIPROXY_URL'], 'the bus when its connection is cut', (url, toxiproxy) => {
  let proxy: ToxicWay;
  let prefix: string;
  let opened: RabbitMqBus[];
  let errors: string[];

  const open = async (options: Partial<RabbitMqBusOptions> = {}) => {
    const onError = (error: unknown, where: string) => void errors.push(`${where}: ${String(error)}`);
    const bus = await RabbitMqBus.open({ url: proxy.through(url!), instanceId: 'chaos', prefix, onError, ...options });
    opened.push(bus);
    return bus;
  };

  beforeEach(async () => {
    proxy = await ToxicWay.to(toxiproxy!, url!);
    prefix = uniquePrefix();
    opened = [];
    errors = [];
  });

  afterEach(async () => {
    const queues = opened.flatMap((bus) => bus.declaredQueues().map(({ name }) => name));
    await Promise.all(opened.map((bus) => bus.close({ drainMs: 0 })));
    await proxy.close();
    await removeFromBroker(url!, prefix, queues);
  });

  const connected = (bus: RabbitMqBus) => waitFor(() => bus.ping().then(() => true), { timeoutMs: 15_000 });

  it('brings every confirmed message, whatever was under way', async () => {
    const publisher = await open();
    const direct = await open({ url: url! });
    const received = new Set<unknown>();
    for (const bus of [publisher, direct]) {
      await bus.consume({ name: 'work', topics: ['load'] }, ({ body }) => void received.add(body));
    }
    const confirmed: number[] = [];
    let [next, failed, stop] = [0, 0, false];
    const load = Array.from({ length: 20 }, async () => {
      while (!stop) {
        const n = next++;
        const how = n % 2 ? publisher.publish(message('load', n)) : publisher.send('work', message('load', n));
        await how.then(
          () => confirmed.push(n),
          () => failed++,
        );
      }
    });
    for (let cut = 1; cut <= 3; cut++) {
      const before = confirmed.length;
      await waitFor(() => confirmed.length > before + 100, { timeoutMs: 15_000 });
      await proxy.cut();
      await waitFor(() => errors.filter((error) => /connection to RabbitMQ/.test(error)).length >= 2 * cut);
      await proxy.restore();
      await connected(publisher);
    }
    stop = true;
    await Promise.all(load);
    await waitFor(() => confirmed.every((n) => received.has(n)), { timeoutMs: 15_000 });
    expect(failed).toBe(0);
  });

  it('lets publishes and sends wait for the end of an outage, in order', async () => {
    const bus = await open();
    const received: unknown[] = [];
    await bus.consume({ name: 'work', topics: ['topic'] }, ({ body }) => void received.push(body));
    await bus.send('work', message('first', 0));
    await proxy.cut();
    await waitFor(() =>
      bus.ping().then(
        () => false,
        () => true,
      ),
    );
    const waiting = [1, 2, 3, 4].map((n) => bus.publish(message('topic', n), { mandatory: true }));
    await proxy.restore();
    await Promise.all(waiting);
    await waitFor(() => received.length >= 5, { timeoutMs: 10_000 });
    expect([...new Set(received)]).toEqual([0, 1, 2, 3, 4]);
  });

  it('refuses promptly what would wait too long, and what is too many', async () => {
    const bus = await open({ publishTimeoutMs: 300, maxWaitingMessages: 3 });
    await bus.send('work', message('first', 0));
    await proxy.cut();
    await waitFor(() =>
      bus.ping().then(
        () => false,
        () => true,
      ),
    );
    const started = Date.now();
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map((n) => bus.publish(message('topic', n))));
    expect(Date.now() - started).toBeLessThan(2_000);
    const reasons = outcomes.map((one) => (one as PromiseRejectedResult).reason as Error);
    for (const reason of reasons.slice(0, 3)) expect(reason).toBeInstanceOf(BusUnavailableError);
    expect(reasons[3]).toBeInstanceOf(BusOverloadedError);
    expect(reasons[0]).toMatchObject({ retryable: true });
    await expect(bus.ping()).rejects.toThrow(BusUnavailableError);
    await proxy.restore();
  });

  it('rejects requests at once, and takes them again when it is back', async () => {
    const bus = await open();
    const answering = await open({ url: url! });
    let asked = 0;
    await answering.consume({ name: 'slow', transient: true }, (delivery) => {
      if (++asked > 1) delivery.reply('here');
    });
    const pending = bus.request('slow', message('ask', 1), { deadline: soon(60_000) });
    const refused = expect(pending).rejects.toThrow(BusUnavailableError);
    await waitFor(() => asked === 1);
    await proxy.cut();
    await refused;
    const started = Date.now();
    await expect(bus.request('slow', message('ask', 2), { deadline: soon() })).rejects.toThrow(BusUnavailableError);
    expect(Date.now() - started).toBeLessThan(500);
    await proxy.restore();
    const answer = await waitFor(() => bus.request('slow', message('ask', 3), { deadline: soon(1_000) }), {
      timeoutMs: 10_000,
    });
    expect(answer).toBe('here');
  });

  it('declares its exclusive queue again, with bindings, and consumes', async () => {
    const bus = await open();
    const direct = await open({ url: url! });
    const received: unknown[] = [];
    await bus.consume({ name: 'inbox', topics: ['control'], exclusive: true }, ({ body }) => void received.push(body));
    await proxy.cut();
    await waitFor(() =>
      direct.publish(message('control', 0), { mandatory: true }).then(
        () => false,
        () => true,
      ),
    );
    await proxy.restore();
    await waitFor(() => direct.publish(message('control', 1), { mandatory: true }).then(() => true), {
      timeoutMs: 10_000,
    });
    await waitFor(() => received.includes(1));
  });

  it('brings the reply of a handler whose connection was cut meanwhile', async () => {
    const asking = await open({ url: url! });
    const answering = await open();
    let answer!: () => void;
    await answering.consume({ name: 'slow', transient: true }, (delivery) => {
      delivery.part('begun');
      return new Promise<void>((resolve) => {
        answer = () => {
          delivery.reply('done');
          resolve();
        };
      });
    });
    const parts: unknown[] = [];
    const reply = asking.request('slow', message('ask', 1), { deadline: soon(20_000), onPart: (p) => parts.push(p) });
    await waitFor(() => parts.length === 1);
    const first = answer;
    await proxy.cut();
    await waitFor(() =>
      answering.ping().then(
        () => false,
        () => true,
      ),
    );
    first();
    await proxy.restore();
    expect(await reply).toBe('done');
  });

  it('notices a connection that nothing comes through, by its heartbeats', async () => {
    const bus = await open({ heartbeatSeconds: 1, publishTimeoutMs: 1_000 });
    await bus.send('work', message('first', 0));
    await proxy.swallow();
    await expect(bus.send('work', message('stuck', 1))).rejects.toThrow(BusUnavailableError);
    await waitFor(() => errors.some((error) => /connection to RabbitMQ/.test(error)), { timeoutMs: 10_000 });
    await proxy.restore();
    await connected(bus);
    await bus.send('work', message('second', 2));
  });

  it('waits for the connection when it begins to consume in an outage', async () => {
    const bus = await open();
    await proxy.cut();
    await waitFor(() =>
      bus.ping().then(
        () => false,
        () => true,
      ),
    );
    const received: unknown[] = [];
    const consuming = bus.consume({ name: 'work' }, ({ body }) => void received.push(body));
    await proxy.restore();
    await consuming;
    await bus.send('work', message('n', 1));
    await waitFor(() => received.length === 1);
  });

  it('closes in an outage without delay', async () => {
    const bus = await open();
    await proxy.cut();
    await waitFor(() =>
      bus.ping().then(
        () => false,
        () => true,
      ),
    );
    const waiting = expect(bus.publish(message('topic', 1))).rejects.toThrow(/closed/);
    const started = Date.now();
    await bus.close();
    await waiting;
    expect(Date.now() - started).toBeLessThan(3_000);
    await proxy.restore();
  });
});
