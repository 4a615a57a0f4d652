// Appends/s and CPU per commit of the event log, beside the same rows inserted raw: the embedded one in one transaction
// per turn, with --url the MongoDB one in ordered inserts of 64 documents.
// Run: npm exec -c 'node bench/event-store.mjs [--seconds 2] [--synchronous FULL] [--url mongodb://…]'
// (after `npx tsc -b libs/adapters/embedded libs/adapters/mongodb`)
import { SqliteEventStore } from '@signalbox/adapter-embedded';
import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    synchronous: { type: 'string', default: 'NORMAL' },
    rounds: { type: 'string', default: '2' },
    concurrency: { type: 'string', default: '1,8,32,256' },
    only: { type: 'string' },
    url: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const text = 'The quick brown fox jumps over the lazy dog. '.repeat(20).slice(0, 820);
let counter = 0;

function nextRequest() {
  const n = (counter++).toString(36).toUpperCase().padStart(10, '0');
  const callId = `01KB${n}0123456789AB`;
  return {
    stream: `call-gateway-1-${callId}`,
    expectedVersion: 0,
    commitId: `${callId}.requested`,
    events: [
      {
        id: `01KC${n}0123456789AB`,
        type: 'tool.call.requested',
        schemaVersion: 1,
        data: { callId, server: 'everything', tool: 'echo', arguments: { text }, safetyClass: 'unsafe', via: 'mcp' },
      },
    ],
    metadata: {
      actor: 'gateway-1',
      correlationId: callId,
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    },
  };
}

async function openStore(folder) {
  const store = await SqliteEventStore.open(join(folder, 'log.sqlite'), { synchronous: values.synchronous });
  return { append: () => store.append(nextRequest()), close: () => store.close() };
}

/** The same columns, indexes and bytes, everything computed beforehand: what SQLite itself costs. */
async function openRaw(folder) {
  const path = join(folder, 'raw.sqlite');
  await (await SqliteEventStore.open(path, { synchronous: values.synchronous })).close();
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${values.synchronous}`);
  const columns = db
    .prepare('PRAGMA table_info(commits)')
    .all()
    .map((column) => column.name);
  const insert = db.prepare(`INSERT INTO commits (${columns}) VALUES (${columns.map(() => '?')})`);
  const [begin, commit] = [db.prepare('BEGIN IMMEDIATE'), db.prepare('COMMIT')];
  const request = nextRequest();
  const body = JSON.stringify({ ...request.metadata, ...request, time: new Date().toISOString() });
  const hash = 'a'.repeat(64);
  const time = new Date().toISOString();
  let queue = [];
  let seq = 0;
  const flush = () => {
    const waiting = queue;
    queue = [];
    begin.run();
    for (const { stream, commitId } of waiting) {
      seq++;
      const row = {
        seq,
        partition_id: 1,
        position: seq,
        stream,
        first_version: 1,
        last_version: 1,
        commit_id: commitId,
      };
      Object.assign(row, { correlation_id: stream.slice(-24), type_set: 1, time, previous_hash: hash, hash, body });
      insert.run(...columns.map((column) => row[column]));
    }
    commit.run();
    for (const { resolve } of waiting) resolve();
  };
  return {
    append: () =>
      new Promise((resolve) => {
        const n = (counter++).toString(36).toUpperCase().padStart(10, '0');
        queue.push({
          stream: `call-gateway-1-01KB${n}0123456789AB`,
          commitId: `01KB${n}0123456789AB.requested`,
          resolve,
        });
        if (queue.length === 1) setImmediate(flush);
      }),
    close: async () => db.close(),
  };
}

async function openMongo(folder) {
  const { MongoEventStore } = await import('@signalbox/adapter-mongodb');
  const database = databaseOf(folder);
  const store = await MongoEventStore.open(values.url, { database });
  return {
    append: () => store.append(nextRequest()),
    close: async () => {
      await store.close();
      await dropDatabase(database);
    },
  };
}

/** The same documents and indexes, one ordered insert after the other: what the server itself costs. */
async function openRawMongo(folder) {
  const { MongoEventStore } = await import('@signalbox/adapter-mongodb');
  const { MongoClient } = await import('mongodb');
  const database = databaseOf(folder);
  const store = await MongoEventStore.open(values.url, { database });
  await store.append(nextRequest());
  await store.close();
  const client = await MongoClient.connect(values.url, { writeConcern: { w: 'majority', journal: true } });
  const commits = client.db(database).collection('commits');
  const template = await commits.findOne();
  let queue = [];
  let flushing = false;
  const flush = async () => {
    flushing = true;
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) {
      const waiting = queue.splice(0, 64);
      await commits.insertMany(waiting.map((entry) => entry.document));
      for (const { resolve } of waiting) resolve();
    }
    flushing = false;
  };
  return {
    append: () =>
      new Promise((resolve) => {
        const position = ++counter;
        const ids = {
          _id: `raw/${String(position).padStart(12, '0')}`,
          stream: `s-${position}`,
          commitId: `c-${position}`,
        };
        queue.push({ document: { ...template, ...ids, correlationId: `r-${position}`, position }, resolve });
        if (!flushing) void flush();
      }),
    close: async () => {
      await client.close();
      await dropDatabase(database);
    },
  };
}

const databaseOf = (folder) => `signalbox_bench_${basename(folder).replaceAll('-', '_')}`;

async function dropDatabase(name) {
  const { MongoClient } = await import('mongodb');
  const client = await MongoClient.connect(values.url);
  await client.db(name).dropDatabase();
  await client.close();
}

async function measure(open, concurrency) {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'));
  const target = await open(folder);
  const run = async (until) => {
    let done = 0;
    const loop = async () => {
      while (performance.now() < until) {
        await target.append();
        done++;
      }
    };
    await Promise.all(Array.from({ length: concurrency }, loop));
    return done;
  };
  await run(performance.now() + 300);
  const cpu = process.cpuUsage();
  const start = performance.now();
  const done = await run(start + seconds * 1000);
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  await target.close();
  rmSync(folder, { recursive: true });
  return { perSecond: (done / ms) * 1000, cpuMicros: (user + system) / done };
}

const best = (list, key, better) => list.map((entry) => entry[key]).reduce((a, b) => better(a, b));
const subjects = values.url
  ? { 'event store': openMongo, 'raw rows': openRawMongo }
  : { 'event store': openStore, 'raw rows': openRaw };
console.log('concurrency   subject       commits/s   CPU µs/commit   against raw');
for (const concurrency of values.concurrency.split(',').map(Number)) {
  const results = { 'event store': [], 'raw rows': [] };
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [name, open] of Object.entries(subjects)) {
      if (!values.only || name.startsWith(values.only)) results[name].push(await measure(open, concurrency));
    }
  }
  const raw = results['raw rows'].length && best(results['raw rows'], 'perSecond', Math.max);
  for (const [name, list] of Object.entries(results)) {
    if (list.length === 0) continue;
    const perSecond = best(list, 'perSecond', Math.max);
    const cpu = best(list, 'cpuMicros', Math.min);
    const ratio = raw ? `${Math.round((perSecond / raw) * 100)} %` : '';
    console.log(
      `${String(concurrency).padStart(11)}   ${name.padEnd(11)} ${perSecond.toFixed(0).padStart(11)} ${cpu.toFixed(1).padStart(15)} ${ratio.padStart(13)}`,
    );
  }
}
