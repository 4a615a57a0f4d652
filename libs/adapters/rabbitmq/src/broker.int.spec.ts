import { newId } from '@signalbox/contracts';
import { BusUnavailableError, NoConsumerError, type Delivery } from '@signalbox/ports';
import { describeWithServers, freePort, waitFor } from '@signalbox/testing';
import { connect, type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { removeFromBroker, uniquePrefix } from '../test/bus-harness.js';
import { DELIVERY_LIMIT, QueueMismatchError, RabbitMqBus, type RabbitMqBusOptions } from './index.js';

const message = (body: unknown, more: object = {}) => ({ id: newId(), type: 'test', body, ...more });
const soon = (ms = 5_000) => Date.now() + ms;

describeWithServers(['AMQP_URL'], 'the bus at its broker', (url) => {
  let prefix: string;
  let raw: ChannelModel;
  let channel: Channel;
  let opened: RabbitMqBus[];
  let queues: Set<string>;

  const open = async (options: Partial<RabbitMqBusOptions> = {}) => {
    const bus = await RabbitMqBus.open({ url: url!, instanceId: 'spec', prefix, backoff: () => 5, ...options });
    opened.push(bus);
    return bus;
  };

  beforeEach(async () => {
    prefix = uniquePrefix();
    opened = [];
    queues = new Set();
    raw = await connect(url!, { noDelay: true });
    channel = await raw.createChannel();
  });

  afterEach(async () => {
    for (const bus of opened) {
      for (const { name } of bus.declaredQueues()) queues.add(name);
      await bus.close({ drainMs: 0 });
    }
    await raw.close();
    await removeFromBroker(url!, prefix, [...queues]);
  });

  const rawConsumer = async (queue: string, topic?: string): Promise<ConsumeMessage[]> => {
    const received: ConsumeMessage[] = [];
    await channel.assertQueue(queue, { exclusive: true });
    if (topic) await channel.bindQueue(queue, `${prefix}mcp-events`, topic);
    await channel.consume(queue, (one) => void (one && received.push(one)), { noAck: true });
    return received;
  };

  it('speaks CloudEvents in structured mode, with everything that others need in properties', async () => {
    const bus = await open();
    const received = await rawConsumer(`${prefix}raw`, 'resource.created');
    const event = { specversion: '1.0', id: newId(), source: '/resource-service', type: 'resource.created', data: {} };
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const expiresAt = Date.now() + 60_000;
    await bus.publish(
      { id: event.id, type: event.type, body: event, correlationId: 'c-1', traceparent, expiresAt },
      { mandatory: true },
    );
    await waitFor(() => received.length === 1);
    const { properties, content, fields } = received[0]!;
    expect(fields).toMatchObject({ exchange: `${prefix}mcp-events`, routingKey: 'resource.created' });
    expect(properties).toMatchObject({
      contentType: 'application/cloudevents+json; charset=utf-8',
      messageId: event.id,
      type: 'resource.created',
      correlationId: 'c-1',
      deliveryMode: 2,
    });
    expect(properties.headers).toMatchObject({ traceparent });
    expect(Number(properties.expiration)).toBeGreaterThan(59_000);
    expect(JSON.parse(content.toString())).toEqual(event);
  });

  it('sends what is no event as JSON, and transient when it is told to', async () => {
    const bus = await open();
    const received = await rawConsumer(`${prefix}raw`, 'test');
    await bus.publish(message({ n: 1 }), { persistent: false });
    await waitFor(() => received.length === 1);
    expect(received[0]!.properties).toMatchObject({ contentType: 'application/json', deliveryMode: 1 });
  });

  it('says which argument of which queue is another one than at the broker', async () => {
    const bus = await open();
    await bus.consume({ name: 'work' }, () => 'ack');
    const other = bus.consume({ name: 'work', maxLength: 5 }, () => 'ack');
    await expect(other).rejects.toThrow(QueueMismatchError);
    await expect(other).rejects.toThrow(/work.*x-max-length.*'5'.*'10000'/);
  });

  it('takes messages of others that are no JSON for dead letters', async () => {
    const bus = await open();
    const seen: Delivery[] = [];
    await bus.consume({ name: 'work' }, (delivery) => void seen.push(delivery));
    channel.sendToQueue(`${prefix}work`, Buffer.from('{broken'), { messageId: 'm-1' });
    const [letter] = await waitFor(async () => {
      const letters = await bus.deadLetters({ queue: 'work' });
      return letters.length > 0 && letters;
    });
    expect(letter).toMatchObject({ queue: 'work', message: { id: 'm-1', body: '{broken' } });
    expect(letter!.reason).toContain('not JSON');
    expect(seen).toEqual([]);
  });

  it('parks what brings down its consumers again and again', async () => {
    const bus = await open();
    const consumer = await bus.consume({ name: 'work' }, () => 'ack');
    await consumer.cancel();
    queues.add(`${prefix}work`);
    await bus.send('work', message('poison', { expiresAt: soon(60_000) }));
    await bus.send('work', message('expires in the queue', { expiresAt: soon(300) }));
    for (let i = 0; i <= DELIVERY_LIMIT; i++) {
      const dying = await raw.createChannel();
      await dying.prefetch(1);
      await new Promise((resolve) => void dying.consume(`${prefix}work`, resolve));
      await dying.close();
    }
    const [letter] = await waitFor(async () => {
      const letters = await bus.deadLetters();
      return letters.length > 0 && letters;
    });
    expect(letter).toMatchObject({ queue: 'work', message: { body: 'poison' } });
    expect(letter!.attempts).toBeGreaterThanOrEqual(DELIVERY_LIMIT);
    expect(Math.abs(Date.parse(letter!.time) - Date.now())).toBeLessThan(60_000);
    const taken: unknown[] = [];
    await bus.consume({ name: 'work' }, ({ body }) => void taken.push(body));
    expect(await bus.replayDeadLetter(letter!.id)).toBe(true);
    await waitFor(() => taken.includes('poison'));
    expect(await bus.deadLetters()).toEqual([]);
  });

  it('tells apart letters that others have listed often', async () => {
    const bus = await open();
    await bus.consume({ name: 'work', maxRetries: 0 }, () => ({ park: 'no' }));
    await bus.send('work', message(1));
    await waitFor(async () => (await bus.deadLetters()).length === 1);
    for (let i = 0; i < 25; i++) expect(await bus.deadLetters()).toHaveLength(1);
  });

  it('counts the attempts of a transient queue, and parks after them', async () => {
    const bus = await open();
    const attempts: number[] = [];
    await bus.consume({ name: 'commands', transient: true, maxRetries: 2 }, (delivery) => {
      attempts.push(delivery.attempt);
      if (delivery.body === 'answer at last' && delivery.attempt === 3) return void delivery.reply('here');
      throw new Error('not yet');
    });
    expect(await bus.request('commands', message('answer at last'), { deadline: soon() })).toBe('here');
    expect(attempts).toEqual([1, 2, 3]);
    await bus.send('commands', message('never'));
    const [letter] = await waitFor(async () => {
      const letters = await bus.deadLetters({ queue: 'commands' });
      return letters.length > 0 && letters;
    });
    expect(letter).toMatchObject({ attempts: 3, message: { body: 'never' } });
    expect(letter!.reason).toContain('not yet');
  });

  it('takes its exclusive queue back from what others made of it meanwhile', async () => {
    const onError = vi.fn();
    const bus = await open({ onError });
    await bus.send('inbox', message('for a former life'));
    const taken: unknown[] = [];
    const consumer = await bus.consume({ name: 'inbox', exclusive: true }, ({ body }) => void taken.push(body));
    expect(String(onError.mock.calls[0])).toContain('1 messages');
    await bus.send('inbox', message('for this one'));
    await waitFor(() => taken.length > 0);
    expect(taken).toEqual(['for this one']);
    await consumer.cancel();
  });

  it('sends to the exclusive queue of another connection, and asks there', async () => {
    const [bus, other] = [await open(), await open()];
    const taken: unknown[] = [];
    await other.consume({ name: 'inbox', exclusive: true }, (delivery) => {
      taken.push(delivery.body);
      delivery.reply('heard');
    });
    await bus.send('inbox', message(1));
    expect(await bus.request('inbox', message(2), { deadline: soon() })).toBe('heard');
    expect(taken).toEqual([1, 2]);
  });

  it('notices at once that the queue of a request has gone', async () => {
    const [bus, other] = [await open({ queueStatusMs: 60_000 }), await open()];
    await other.consume({ name: 'gone' }, (delivery) => delivery.reply(1));
    expect(await bus.request('gone', message(1), { deadline: soon() })).toBe(1);
    await other.close();
    await channel.deleteQueue(`${prefix}gone`);
    await expect(bus.request('gone', message(1), { deadline: soon() })).rejects.toThrow(NoConsumerError);
  });

  it('consumes again after its queue was deleted', async () => {
    const bus = await open({ reconnect: { minMs: 10, maxMs: 50 } });
    const taken: unknown[] = [];
    await bus.consume({ name: 'work', topics: ['test'] }, ({ body }) => void taken.push(body));
    await channel.deleteQueue(`${prefix}work`);
    await waitFor(async () => {
      await bus.publish(message('after'), { mandatory: true });
      return true;
    });
    await waitFor(() => taken.includes('after'));
  });

  it('refuses messages that are too large, before they cost the channel', async () => {
    const bus = await open({ maxMessageBytes: 100 });
    const large = message('x'.repeat(200));
    await expect(bus.publish(large)).rejects.toThrow(/202 bytes; allowed: 100/);
    await expect(bus.send('work', large)).rejects.toThrow(RangeError);
    await expect(bus.request('work', large, { deadline: soon() })).rejects.toThrow(RangeError);
    await bus.publish(message('small'));
  });

  it('refuses a topic that is longer than the protocol allows', async () => {
    const bus = await open();
    await expect(bus.publish({ ...message(1), type: 'x'.repeat(300) })).rejects.toThrow(/255|256|300/);
    await bus.publish(message('small'));
  });

  it('refuses more retries than the broker counts', async () => {
    const bus = await open();
    const spec = { name: 'work', maxRetries: DELIVERY_LIMIT };
    await expect(bus.consume(spec, () => 'ack')).rejects.toThrow(/maxRetries is 20; allowed: 0 to 19/);
  });

  it('gives up opening after its time, and says why', async () => {
    const nobody = `amqp://127.0.0.1:${await freePort()}`;
    const started = Date.now();
    const opening = RabbitMqBus.open({ url: nobody, instanceId: 'spec', openTimeoutMs: 300 });
    await expect(opening).rejects.toThrow(BusUnavailableError);
    await expect(opening).rejects.toThrow(/ECONNREFUSED/);
    expect(Date.now() - started).toBeLessThan(3_000);
    await expect(RabbitMqBus.open({ url: 'http://x', instanceId: 'spec' })).rejects.toThrow(/amqp:\/\/ or amqps:/);
  });
});
