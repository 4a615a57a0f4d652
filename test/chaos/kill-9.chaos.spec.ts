import { SqliteEventStore } from '@signalbox/adapter-embedded';
import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';

const KILLS = 50;
const WORKERS = 16;
const MAX_LIFE_MS = 300;
const WRITER = join(import.meta.dirname, 'kill-9-writer.mjs');

interface Acknowledged {
  readonly worker: number;
  readonly n: number;
  readonly partition: string;
  readonly position: number;
  readonly firstVersion: number;
  readonly wasKnown: boolean;
  readonly replayed: boolean;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-kill-9-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Lets a writer work on the folder, and kills it at a random moment. @returns what it acknowledged until then */
async function runAndKill(done: readonly number[], round: number): Promise<Acknowledged[]> {
  const writer = spawn(process.execPath, [WRITER, folder, JSON.stringify(done)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  writer.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const lines: string[] = [];
  const output = createInterface({ input: writer.stdout });
  const firstLine = once(output, 'line');
  output.on('line', (line) => lines.push(line));
  const exited = once(writer, 'close');
  // every tenth is killed while it starts
  if (round % 10 !== 9) await Promise.race([firstLine, exited]);
  await delay(Math.random() * MAX_LIFE_MS);
  writer.kill('SIGKILL');
  const [code, signal] = (await exited) as [number | null, string | null];
  expect({ code, signal, complaint: signal === 'SIGKILL' ? '' : complaint }).toEqual({
    code: null,
    signal: 'SIGKILL',
    complaint: '',
  });
  // the last line may have been cut off by the kill
  return lines.flatMap((line) => (line.endsWith('}') ? [JSON.parse(line) as Acknowledged] : []));
}

it(`has every acknowledged event exactly once after ${KILLS} times kill -9 under load`, async () => {
  const done = new Array<number>(WORKERS).fill(0);
  const acknowledged = new Map<string, Acknowledged>();
  for (let round = 0; round < KILLS; round++) {
    for (const line of await runAndKill(done, round)) {
      const { worker, n, partition, position, firstVersion } = line;
      const commitId = `w${worker}-c${n}`;
      const earlier = acknowledged.get(commitId);
      if (line.wasKnown) {
        expect(line.replayed, commitId).toBe(true);
        expect({ partition, position, firstVersion }, commitId).toEqual({
          partition: earlier?.partition,
          position: earlier?.position,
          firstVersion: earlier?.firstVersion,
        });
      }
      acknowledged.set(commitId, earlier ?? line);
      done[worker] = Math.max(done[worker]!, n + 1);
    }
  }

  const store = await SqliteEventStore.open(join(folder, 'log.sqlite'));
  const seen = new Map<string, number>();
  const places = new Map<string, string>();
  for (const { partition, position: head } of await store.partitions()) {
    let previous = '';
    let position = 0;
    for (;;) {
      const commits = await store.readPartition(partition, position);
      if (commits.length === 0) break;
      for (const commit of commits) {
        if (commit.position !== ++position) expect.fail(`${partition}: gap at ${position}`);
        if (commit.previousHash !== previous || commit.hash !== hash('sha256', previous + commit.body)) {
          expect.fail(`${partition}: the chain breaks at ${position}`);
        }
        previous = commit.hash;
        places.set(commit.commitId, `${partition}/${position}`);
        for (const { id } of commit.parsed!.events) seen.set(id, (seen.get(id) ?? 0) + 1);
      }
    }
    expect(position).toBe(head);
  }
  expect([...seen].filter(([, times]) => times !== 1)).toEqual([]);
  for (const [commitId, { n, partition, position }] of acknowledged) {
    if (places.get(commitId) !== `${partition}/${position}`)
      expect.fail(`${commitId} is not where it was acknowledged`);
    for (let i = 0; i < 1 + (n % 3); i++) {
      if (!seen.has(`${commitId}-e${i}`)) expect.fail(`event ${i} of ${commitId} is lost`);
    }
    if (n % 2 && (await store.claimHolder(`claim-${commitId}`))?.commitId !== commitId) {
      expect.fail(`the claim of ${commitId} is lost`);
    }
  }
  await store.close();
  expect(acknowledged.size).toBeGreaterThan(KILLS);
  console.log(`${acknowledged.size} acknowledged commits, ${seen.size} events, ${KILLS} kills`);
});
