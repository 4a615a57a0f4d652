// Appends to the log in the folder given, without end, and prints each commit that was acknowledged.
// Arguments: the folder, and a JSON list with the number of acknowledged commits of each worker.
import { SqliteEventStore } from '@signalbox/adapter-embedded';
import { join } from 'node:path';

const [folder, acknowledged] = process.argv.slice(2);
const store = await SqliteEventStore.open(join(folder, 'log.sqlite'));

/** Commit `n` of a worker is the same whoever makes it, so that an unknown outcome can be asked for again. */
function commitOf(worker, n) {
  const commitId = `w${worker}-c${n}`;
  const events = Array.from({ length: 1 + (n % 3) }, (_, i) => ({
    id: `${commitId}-e${i}`,
    type: 'test.happened',
    schemaVersion: 1,
    data: { worker, n, text: 'x'.repeat((n * 37) % 1500) },
  }));
  const stream = worker % 4 === 0 ? 'shared-stream' : `call-p${worker % 3}-W${worker}N${n}`;
  const claims = n % 2 ? [`claim-${commitId}`] : [];
  const metadata = { actor: 'writer', correlationId: `correlation-${worker}` };
  return { stream, expectedVersion: worker % 4 === 0 ? 'any' : 0, commitId, events, claims, metadata };
}

async function work(worker, done) {
  for (let n = Math.max(0, done - 1); ; n++) {
    const result = await store.append(commitOf(worker, n));
    process.stdout.write(`${JSON.stringify({ worker, n, wasKnown: n < done, ...result })}\n`);
  }
}

await Promise.all(JSON.parse(acknowledged).map((done, worker) => work(worker, done)));
