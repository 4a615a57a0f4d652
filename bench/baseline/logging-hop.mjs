// The floor with a log: the bare hop, and three events per call in SQLite, hashed in a chain, written ahead by group
// commit (one transaction per turn of the event loop). No sessions, no routing, no bus, no validation, one stream.
import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { Pool } from 'undici';
import { forward } from './forward.mjs';

const [port, url, file] = process.argv.slice(2);
const { origin, pathname } = new URL(url);
const target = { pool: new Pool(origin, { connections: 64, pipelining: 1 }), pathname };

const database = new DatabaseSync(file);
database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
  CREATE TABLE commits (position INTEGER PRIMARY KEY, stream TEXT, body TEXT, hash TEXT)`);
const insert = database.prepare('INSERT INTO commits VALUES (?, ?, ?, ?)');
let position = 0;
let previous = '';
let waiting = [];

/** Calls back once the event is in the log. */
function append(stream, type, data, done) {
  if (waiting.push({ stream, type, data, done }) === 1) setImmediate(write);
}

function write() {
  const group = waiting;
  waiting = [];
  database.exec('BEGIN IMMEDIATE');
  for (const { stream, type, data } of group) {
    const body = JSON.stringify({ id: randomUUID(), type, time: Date.now(), data });
    previous = createHash('sha256').update(previous).update(body).digest('hex');
    insert.run(++position, stream, body, previous);
  }
  database.exec('COMMIT');
  for (const { done } of group) done();
}

createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    const message = body.length > 0 ? JSON.parse(body) : undefined;
    if (message?.method !== 'tools/call') return forward(target, request, response, body);
    const id = randomUUID();
    const completed = (bytes, send) => append(id, 'completed', JSON.parse(bytes).result, send);
    append(id, 'requested', message.params, () => undefined);
    append(id, 'started', { server: url }, () => forward(target, request, response, body, completed));
  });
}).listen(Number(port), '127.0.0.1');
