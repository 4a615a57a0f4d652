// Appends `count` commits to partitions and a stream it shares with others. Arguments: path, name, count.
import { SqliteEventStore } from '@signalbox/adapter-embedded';

const [path, name, count] = process.argv.slice(2);
const store = await SqliteEventStore.open(path);
const append = (n) =>
  store.append({
    stream: n % 2 ? 'shared-1' : `call-p-${name}X${n}`,
    expectedVersion: n % 2 ? 'any' : 0,
    events: [{ id: `${name}-${n}`, type: 'test.happened', schemaVersion: 1, data: { n } }],
    commitId: `${name}-${n}`,
    claims: [`claim-${n}`],
    metadata: { actor: name, correlationId: 'c' },
  });
const outcomes = { stored: 0, claimed: 0 };
for (let n = 0; n < count; n += 8) {
  const results = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => append(n + i)));
  for (const result of results) {
    if (result.status === 'fulfilled') outcomes.stored++;
    else if (result.reason.name === 'ClaimConflictError') outcomes.claimed++;
    else throw result.reason;
  }
}
await store.close();
console.log(JSON.stringify(outcomes));
