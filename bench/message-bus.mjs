// Requests and replies per second over RabbitMQ at 1, 8 and 32 in flight: the bus beside bare amqplib, in one run.
// Run: AMQP_URL=… npm exec -c 'node bench/message-bus.mjs [--seconds 2] [--rounds 2] [--concurrency 1,8,32] [--only bus]'
//      (after `npx tsc -b libs/adapters/rabbitmq`)
import { RabbitMqBus, Topology } from '@signalbox/adapter-rabbitmq';
import { connect } from 'amqplib';
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '2' },
    concurrency: { type: 'string', default: '1,8,32' },
    only: { type: 'string' },
  },
});
const url = process.env.AMQP_URL;
if (!url) throw new Error('AMQP_URL names no RabbitMQ');
const prefix = `bench.${randomUUID()}.`;
const body = { callId: 'x'.repeat(26), tool: 'echo', arguments: { text: 'The quick brown fox. '.repeat(12) } };
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
let counter = 0;

/** The same message over the bus; `transient` is how command queues are declared, the other how work queues are. */
async function openBus(transient) {
  const [asking, answering] = await Promise.all(
    ['asking', 'answering'].map((instanceId) => RabbitMqBus.open({ url, instanceId, prefix })),
  );
  const name = `bus.${transient ? 'transient' : 'quorum'}`;
  await answering.consume({ name, transient }, (delivery) => delivery.reply(delivery.body));
  return {
    ask: () =>
      asking.request(
        name,
        { id: String(counter++), type: 'ask', body, traceparent },
        { deadline: Date.now() + 30_000 },
      ),
    close: () => Promise.all([asking.close(), answering.close()]),
  };
}

/** The least that amqplib needs for a request, its deadline, and an acknowledged delivery. */
async function openBare() {
  const [asking, answering] = await Promise.all([1, 2].map(() => connect(url, { noDelay: true })));
  const name = `${prefix}bare`;
  const consuming = await answering.createChannel();
  const replying = await answering.createChannel();
  await consuming.assertQueue(name, { durable: true });
  await consuming.prefetch(64);
  await consuming.consume(name, (message) => {
    if (!message) return;
    const { replyTo, correlationId } = message.properties;
    const reply = Buffer.from(JSON.stringify(JSON.parse(message.content.toString())));
    replying.sendToQueue(replyTo, reply, { correlationId });
    consuming.ack(message);
  });
  const channel = await asking.createChannel();
  const pending = new Map();
  const take = ({ properties, content }) => {
    pending.get(properties.correlationId)(JSON.parse(content.toString()));
    pending.delete(properties.correlationId);
  };
  await channel.consume('amq.rabbitmq.reply-to', take, { noAck: true });
  return {
    ask: () =>
      new Promise((resolve) => {
        const correlationId = String(counter++);
        pending.set(correlationId, resolve);
        channel.sendToQueue(name, Buffer.from(JSON.stringify(body)), {
          correlationId,
          replyTo: 'amq.rabbitmq.reply-to',
          expiration: '30000',
          headers: { traceparent },
        });
      }),
    close: () => Promise.all([asking.close(), answering.close()]),
  };
}

async function rate({ ask }, concurrency, seconds) {
  let done = 0;
  const started = performance.now();
  const end = started + seconds * 1000;
  const cpu = process.cpuUsage();
  const one = async () => {
    for (; performance.now() < end; done++) await ask();
  };
  await Promise.all(Array.from({ length: concurrency }, one));
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: (done * 1000) / (performance.now() - started), cpuMicros: (user + system) / done };
}

const variants = { bare: openBare, bus: () => openBus(true), 'bus, quorum queue': () => openBus(false) };
for (let round = 1; round <= Number(values.rounds); round++) {
  for (const [name, open] of Object.entries(variants)) {
    if (values.only && values.only !== name) continue;
    const opened = await open();
    await rate(opened, 8, 0.3);
    for (const concurrency of values.concurrency.split(',').map(Number)) {
      const { perSecond, cpuMicros } = await rate(opened, concurrency, Number(values.seconds));
      const figures = `${Math.round(perSecond)} requests/s, ${Math.round(cpuMicros)} µs CPU for both sides`;
      console.log(`round ${round}  ${name.padEnd(18)} ${String(concurrency).padStart(3)} in flight  ${figures}`);
    }
    await opened.close();
  }
}

const model = await connect(url, { noDelay: true });
const channel = await model.createChannel();
const { deadLetters, events, undeliverable } = new Topology(prefix);
for (const name of ['bare', 'bus.transient', 'bus.quorum']) await channel.deleteQueue(prefix + name);
await channel.deleteQueue(deadLetters.name);
for (const { name } of [events, undeliverable]) await channel.deleteExchange(name);
await model.close();
