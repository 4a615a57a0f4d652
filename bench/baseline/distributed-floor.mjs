// The floor of the distributed profile: what a call that is written ahead has to do, and nothing else, in two processes.
// front: HTTP, commit "requested", request over RabbitMQ.  back: claim, commit "started", the upstream, commit "completed", reply.
// Every commit is published with a confirm, and read once. No routing, sessions, policies, validation, leases or projections.
import { connect } from 'amqplib';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { Pool } from 'undici';
import { follow, grouped, openLog, partitionWriter, relayOf } from './floor-parts.mjs';
import { forward } from './forward.mjs';

const [role, port, upstream] = process.argv.slice(2);
const { AMQP_URL, MONGODB_URL } = process.env;
const { origin, pathname } = new URL(upstream);
const pool = new Pool(origin, { connections: 64, pipelining: 1 });
const QUEUE = 'floor.calls';
const log = await openLog(MONGODB_URL);
const model = await connect(AMQP_URL, { noDelay: true });
const append = partitionWriter(log, `floor-${role}`, await relayOf(model, 'floor-events'));
const channel = await model.createChannel();
await channel.assertQueue(QUEUE, { durable: true });
if (role === 'front') await front();
else await back();

async function front() {
  follow(log, 'floor-front');
  follow(log, 'floor-back');
  const pending = new Map();
  const take = ({ properties, content }) => {
    pending.get(properties.correlationId)(content);
    pending.delete(properties.correlationId);
  };
  await channel.consume('amq.rabbitmq.reply-to', take, { noAck: true });
  const call = async (callId, params, body, session) => {
    await append({ callId, stream: `call-front-${callId}`, firstVersion: 1, type: 'requested', data: params });
    return new Promise((resolve) => {
      pending.set(callId, resolve);
      const properties = { correlationId: callId, replyTo: 'amq.rabbitmq.reply-to', headers: { session } };
      channel.sendToQueue(QUEUE, body, { ...properties, expiration: '30000' });
    });
  };
  createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const message = body.length > 0 ? JSON.parse(body) : undefined;
      if (message?.method !== 'tools/call') return forward({ pool, pathname }, request, response, body);
      call(randomUUID(), message.params, body, request.headers['mcp-session-id']).then((answer) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
        response.end(answer);
      });
    });
  }).listen(Number(port), '127.0.0.1');
}

async function back() {
  const claim = grouped((keys) => log.claims.insertMany(keys, { ordered: false }));
  const replying = await model.createChannel();
  await channel.prefetch(64);
  await channel.consume(QUEUE, async (message) => {
    const { correlationId: callId, replyTo, headers } = message.properties;
    const stream = `attempt-back-${callId}-1`;
    await claim({ _id: `attempt:${callId}:1`, partition: 'floor-back', commitId: randomUUID(), actor: 'floor-back' });
    await append({ callId, stream, firstVersion: 1, type: 'started', data: { attempt: 1, server: origin } });
    const answer = await ask(message.content, headers.session);
    const { result } = JSON.parse(answer);
    await append({ callId, stream, firstVersion: 2, type: 'completed', data: { attempt: 1, result } });
    replying.sendToQueue(replyTo, answer, { correlationId: callId });
    channel.ack(message);
  });
  createServer((_request, response) => response.end('ready')).listen(Number(port), '127.0.0.1');
}

async function ask(body, session) {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  if (session) headers['mcp-session-id'] = session;
  const answer = await pool.request({ path: pathname, method: 'POST', headers, body });
  return Buffer.from(await answer.body.arrayBuffer());
}
