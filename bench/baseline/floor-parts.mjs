// What the distributed floor is made of, with nothing around it: a chained log of one partition, and the broker.
import { hash, randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';

/** The collections and indexes of the product's log. */
export async function openLog(url) {
  const client = await MongoClient.connect(url, { retryWrites: false, writeConcern: { w: 'majority', journal: true } });
  const commits = client.db().collection('floor_commits');
  await commits.createIndexes([
    { name: 'stream', key: { partition: 1, stream: 1, firstVersion: 1 }, unique: true },
    { name: 'commitId', key: { partition: 1, commitId: 1 }, unique: true },
    { name: 'correlation', key: { correlationId: 1, partition: 1, position: 1 } },
    { name: 'types', key: { partition: 1, types: 1, position: 1 } },
  ]);
  return {
    commits,
    claims: client.db().collection('floor_claims'),
    drop: () => client.db().dropDatabase(),
    close: () => client.close(),
  };
}

/** Calls `write` with everything that came while the write before was under way, at most 64 at once. */
export function grouped(write) {
  let waiting = [];
  let running = false;
  const run = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const group = waiting.splice(0, 64);
      await write(group.map(({ item }) => item));
      for (const { resolve } of group) resolve();
    }
    running = false;
  };
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve });
      if (running) return;
      running = true;
      run().catch(reject);
    });
}

/** Appends to a partition of its own, one ordered insert after the other; each commit is told to `stored`. */
export function partitionWriter({ commits }, partition, stored) {
  let position = 0;
  let previousHash = '';
  return grouped(async (group) => {
    const documents = group.map(({ callId, stream, firstVersion, type, data }) => {
      const time = new Date().toISOString();
      const body = JSON.stringify({ events: [{ id: randomUUID(), type, schemaVersion: 1, data }], metadata: { time } });
      const own = hash('sha256', previousHash + body);
      const document = {
        ...{ _id: `${partition}/${String(++position).padStart(12, '0')}`, partition, position, stream },
        ...{ firstVersion, lastVersion: firstVersion, commitId: `${stream}.${type}`, time, actor: partition },
        ...{ correlationId: callId, types: [type], body, previousHash, hash: own },
      };
      previousHash = own;
      return document;
    });
    await commits.insertMany(documents, { ordered: true });
    for (const document of documents) stored(document);
  });
}

/** Publishes stored commits as the relay does: persistent, confirmed, to a durable topic exchange. */
export async function relayOf(model, exchange) {
  const channel = await model.createConfirmChannel();
  await channel.assertExchange(exchange, 'topic', { durable: true });
  return (document) =>
    void channel.publish(
      exchange,
      document.types[0],
      Buffer.from(document.body),
      { persistent: true, messageId: document._id },
      () => undefined,
    );
}

/** Reads a partition behind what it has read, every 100 ms. @returns a function that ends it */
export function follow({ commits }, partition) {
  let after = `${partition}/`;
  let ended = false;
  const run = async () => {
    while (!ended) {
      const filter = { _id: { $gt: after, $lt: `${partition}0` } };
      const found = await commits.find(filter).sort({ _id: 1 }).limit(500).toArray();
      for (const { _id, body } of found) {
        JSON.parse(body);
        after = _id;
      }
      if (found.length < 500) await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  run().catch(() => undefined);
  return () => (ended = true);
}
