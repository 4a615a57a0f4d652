import { InProcessBus, SqliteReadModels } from '@signalbox/adapter-embedded';
import { fromCloudEvent, type CloudEvent } from '@signalbox/contracts';
import { BusOverloadedError, type MessageBus, type OutgoingMessage, type ReadModels } from '@signalbox/ports';
import { waitFor } from '@signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestLog, withFaults, type TestLog } from '../test/test-log.js';
import { Relay, type RelayOptions } from './relay.js';

let test: TestLog;
let bus: InProcessBus;
let readModels: ReadModels;
let relay: Relay;
let received: CloudEvent[];

beforeEach(async () => {
  test = await openTestLog();
  bus = new InProcessBus();
  readModels = await SqliteReadModels.open({ file: ':memory:' });
  received = [];
  await bus.consume({ name: 'all', topics: ['#'], prefetch: 1 }, ({ body }) => void received.push(body as CloudEvent));
});
afterEach(async () => {
  await relay.stop();
  await bus.close();
  await readModels.close();
  await test.close();
});

function run(options: RelayOptions = {}, through: MessageBus = bus): Relay {
  relay = new Relay(test.store, through, readModels, { backoff: { minMs: 1, maxMs: 5 }, ...options });
  relay.start();
  return relay;
}
const sessions = (partition: string): unknown[] =>
  received
    .filter((event) => event.partition === partition)
    .map(({ data }) => (data as { sessionId: string }).sessionId);
const numbered = (partition: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${partition}/${i + 1}`);
/** A bus whose publish fails when `fails` says so. */
const shaky = (fails: (message: OutgoingMessage) => boolean): MessageBus =>
  withFaults<MessageBus>(bus, {
    publish: async (message, options) => {
      if (fails(message)) throw new BusOverloadedError('full');
      await bus.publish(message, options);
    },
  });

describe('Relay', () => {
  it('publishes each event of the log as a CloudEvent under its own id', async () => {
    const messages: OutgoingMessage[] = [];
    await bus.consume({ name: 'more', topics: ['session.*'] }, (delivery) => void messages.push(delivery));
    await test.append('a', 2);
    await run().caughtUp();
    await waitFor(() => messages.length === 2);
    const { items } = await test.store.find({});
    expect(received.map(fromCloudEvent)).toEqual(items.map(({ event }) => event));
    expect(messages[0]).toMatchObject({
      id: items[0]!.event.id,
      type: 'session.closed',
      correlationId: items[0]!.event.correlationId,
    });
  });

  it('passes over events that no queue takes, and publishes those of the same partition that one does', async () => {
    const other = new InProcessBus();
    const published: string[] = [];
    const through = withFaults<MessageBus>(other, {
      publish: async (message, options) => {
        published.push(message.id);
        await other.publish(message, options);
      },
    });
    await test.append('a', 3);
    await run({ checkpointMs: 1 }, through).caughtUp();
    expect(published).toEqual([]);
    const heard: string[] = [];
    await other.consume({ name: 'late', topics: ['session.closed'] }, ({ id }) => void heard.push(id));
    await test.append('a', 2);
    await relay.caughtUp();
    await waitFor(() => heard.length === 2);
    expect(published).toEqual(heard);
    await relay.stop();
    const [head] = await test.store.partitions();
    expect(await readModels.checkpoint('relay')).toEqual({ [head!.partition]: head!.position });
    await other.close();
  });

  it('keeps the order of each partition', async () => {
    run({ window: 3, batch: 4 });
    for (let i = 0; i < 50; i++) await Promise.all([test.append('a', 2), test.append('b', 3)]);
    await relay.caughtUp();
    await waitFor(() => received.length === 250);
    expect(sessions('a')).toEqual(numbered('a', 100));
    expect(sessions('b')).toEqual(numbered('b', 150));
  });

  it('publishes its own partitions only', async () => {
    await test.append('a');
    await test.append('b');
    await run({ partitions: (name) => name === 'b' }).caughtUp();
    await waitFor(() => received.length === 1);
    expect(sessions('b')).toEqual(['b/1']);
  });

  it('stores its checkpoint when it stops, and goes on there', async () => {
    await test.append('a', 2);
    await run({ name: 'relay-1' }).caughtUp();
    await relay.stop();
    expect(await readModels.checkpoint('relay-1')).toEqual({ a: 1 });
    await test.append('a');
    await run({ name: 'relay-1' }).caughtUp();
    await waitFor(() => received.length === 3);
    expect(sessions('a')).toEqual(numbered('a', 3));
  });

  it('stores its checkpoint a while after the last event, by itself', async () => {
    await test.append('a');
    await run({ checkpointMs: 10 }).caughtUp();
    await waitFor(async () => (await readModels.checkpoint('relay'))['a'] === 1);
  });

  it('publishes again what it had not noted before a crash, and loses nothing', async () => {
    await test.append('a', 3);
    await run({ checkpointMs: 60_000 }).caughtUp();
    expect(await readModels.checkpoint('relay')).toEqual({});
    const successor = new Relay(test.store, bus, readModels);
    successor.start();
    await successor.caughtUp();
    await successor.stop();
    await waitFor(() => received.length === 6);
    expect(new Set(received.map(({ id }) => id)).size).toBe(3);
  });

  it('does not move its checkpoint before all is confirmed, and backs off while the bus takes nothing', async () => {
    let full = true;
    await test.append('a', 3);
    run(
      {},
      shaky(() => full),
    );
    await waitFor(() => relay.status().state === 'backing-off');
    expect(relay.status()).toMatchObject({ name: 'relay', checkpoint: {}, lag: 1, error: 'full' });
    full = false;
    await relay.caughtUp();
    await waitFor(() => received.length === 3);
    expect(sessions('a')).toEqual(numbered('a', 3));
    expect(relay.status()).toMatchObject({ state: 'following', checkpoint: { a: 1 }, lag: 0 });
  });

  it('goes on with the first event that was not confirmed, in order', async () => {
    const failOnce = new Set(['a/4', 'a/9']);
    const flaky = shaky(({ body }) => failOnce.delete((body as { data: { sessionId: string } }).data.sessionId));
    for (let i = 0; i < 4; i++) await test.append('a', 3);
    await run({ window: 1 }, flaky).caughtUp();
    await waitFor(() => received.length === 12);
    expect(sessions('a')).toEqual(numbered('a', 12));
    expect(failOnce.size).toBe(0);
  });

  it('repeats at most a window after a failure', async () => {
    const failOnce = new Set(['a/2']);
    const flaky = shaky(({ body }) => failOnce.delete((body as { data: { sessionId: string } }).data.sessionId));
    await test.append('a', 8);
    await run({ window: 4 }, flaky).caughtUp();
    await waitFor(() => new Set(received.map(({ id }) => id)).size === 8);
    expect(sessions('a')).toEqual(['a/1', 'a/3', 'a/4', 'a/2', 'a/3', 'a/4', 'a/5', 'a/6', 'a/7', 'a/8']);
  });

  it('holds an event back that no queue takes, when it is mandatory', async () => {
    const elsewhere = new InProcessBus();
    await test.append('a');
    run({ mandatory: true }, elsewhere);
    await waitFor(() => relay.status().state === 'backing-off');
    await elsewhere.consume({ name: 'all', topics: ['#'] }, ({ body }) => void received.push(body as CloudEvent));
    await relay.caughtUp();
    await waitFor(() => received.length === 1);
    await elsewhere.close();
  });
});
