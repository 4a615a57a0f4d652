#!/usr/bin/env node
// What the servers of the distributed profile need for one call that is written ahead, in CPU time, whoever asks: three commits with
// the log's indexes, a claim, the reading of the commits by one other process, a request with its reply, three confirmed events.
// CPU time is steady where calls/s are not; other clients of the same servers are in it. Linux, servers on this machine.
// Run: AMQP_URL=… MONGODB_URL=… npm exec -c 'node bench/servers.mjs [--commits 3200] [--groups 1,4,16,64]'
import { connect } from 'amqplib';
import { randomBytes, randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { grouped, openLog, partitionWriter } from './baseline/floor-parts.mjs';
import { cpuOfPrograms } from './lib/processes.mjs';

const { values } = parseArgs({
  options: { commits: { type: 'string', default: '3200' }, groups: { type: 'string', default: '1,4,16,64' } },
});
const { AMQP_URL, MONGODB_URL } = process.env;
if (!AMQP_URL || !MONGODB_URL) throw new Error('AMQP_URL and MONGODB_URL have to be set');
const PROGRAMS = { database: 'ferretdb', 'database ': 'postgres', 'database  ': 'mongod', broker: 'beam.smp' };
const count = Number(values.commits);
const data = { callId: randomUUID(), arguments: { text: 'The quick brown fox. '.repeat(12) } };
const mongo = new URL(MONGODB_URL);
mongo.pathname = `/bench-${randomBytes(6).toString('hex')}`;
const log = await openLog(mongo.href);

/** CPU µs of all servers for each of `times` things that `work` does. */
async function cost(times, work) {
  const before = cpuOfPrograms(PROGRAMS);
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  const after = cpuOfPrograms(PROGRAMS);
  const used = Object.keys(PROGRAMS).reduce((sum, name) => sum + after[name] - before[name], 0);
  return { micros: used / times, perSecond: times / seconds };
}

/** As many at a time as `size`. */
async function inGroups(times, size, one) {
  for (let done = 0; done < times; done += size) {
    await Promise.all(Array.from({ length: Math.min(size, times - done) }, () => one()));
  }
}
const rounded = ({ micros, perSecond }) => ({ 'CPU µs': Math.round(micros), 'per s': Math.round(perSecond) });
const rows = {};
const least = {};
try {
  for (const size of values.groups.split(',').map(Number)) {
    const times = Math.max(size, Math.min(count, 300 * size));
    const append = partitionWriter(log, `bench-${size}`, () => undefined);
    const commit = () => append({ callId: randomUUID(), stream: randomUUID(), firstVersion: 1, type: 'tested', data });
    least.commit = await cost(times, () => inGroups(times, size, commit));
    rows[`commit, groups of ${size}`] = rounded(least.commit);
    const claim = grouped((keys) => log.claims.insertMany(keys, { ordered: false }));
    const one = () => claim({ _id: randomUUID(), partition: 'bench', commitId: randomUUID(), actor: 'bench' });
    least.claim = await cost(times, () => inGroups(times, size, one));
    rows[`claim, groups of ${size}`] = rounded(least.claim);
  }
  const all = await log.commits.countDocuments();
  least.read = await cost(all, async () => {
    for (let after = ''; ;) {
      const page = await log.commits
        .find({ _id: { $gt: after } })
        .sort({ _id: 1 })
        .limit(256)
        .toArray();
      if (page.length === 0) return;
      after = page.at(-1)._id;
    }
  });
  rows['commit read, pages of 256'] = rounded(least.read);
  await broker();
  const { commit, claim, read, request, event } = least;
  const call = 3 * commit.micros + claim.micros + 3 * read.micros + request.micros + 3 * event.micros;
  console.table(rows);
  console.log(
    `servers, for one call: ${Math.round(call)} µs; 3,000 calls/s are ${(call * 0.003).toFixed(1)} cores of it`,
  );
} finally {
  await log.drop();
  await log.close();
}

async function broker() {
  const model = await connect(AMQP_URL, { noDelay: true });
  const channel = await model.createConfirmChannel();
  const exchange = `bench-${randomUUID()}`;
  await channel.assertExchange(exchange, 'topic', { durable: true, autoDelete: false });
  const { queue } = await channel.assertQueue('', { exclusive: true });
  const body = Buffer.from(JSON.stringify(data));
  await channel.consume(queue, (message) => {
    channel.sendToQueue(message.properties.replyTo, message.content);
    channel.ack(message);
  });
  const waiting = [];
  await channel.consume('amq.rabbitmq.reply-to', () => waiting.shift()(), { noAck: true });
  const ask = () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      channel.sendToQueue(queue, body, { replyTo: 'amq.rabbitmq.reply-to', expiration: '30000' });
    });
  const publish = () =>
    new Promise((resolve) => channel.publish(exchange, 'bench.tested', body, { persistent: true }, resolve));
  least.request = await cost(count, () => inGroups(count, 32, ask));
  rows['request and reply, 32 at a time'] = rounded(least.request);
  least.event = await cost(count, () => inGroups(count, 64, publish));
  rows['event confirmed, 64 at a time'] = rounded(least.event);
  await channel.deleteExchange(exchange);
  await model.close();
}
