import type { Commit, CommitBody } from '@signalbox/ports';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { EventStoreHarness } from './event-store-contract.js';
import { aCommit, anEvent, LogUnderTest, readAll, streamIn } from './log-under-test.js';

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

export function chainContract(harness: EventStoreHarness): void {
  describe('the hash chain', () => {
    const log = new LogUnderTest(harness);

    async function fill(): Promise<void> {
      await Promise.all(
        Array.from({ length: 30 }, (_, n) =>
          log.store.append(
            aCommit({
              stream: streamIn(`p-${n % 2}`, `S${n % 5}`),
              events: Array.from({ length: 1 + (n % 3) }, () => anEvent(`test.kind${n % 4}`, { n, text: 'ü🚂' })),
              metadata: {
                actor: 'tester-1',
                correlationId: `c-${n}`,
                ...(n % 2 ? { causationId: `cause-${n}`, traceparent: `trace-${n}` } : {}),
              },
            }),
          ),
        ),
      );
    }

    it('links every commit of a partition to the one before it', async () => {
      await fill();
      for (const { partition, position, hash } of await log.store.partitions()) {
        const commits = await readAll(log.store, partition);
        let previous = '';
        for (const commit of commits) {
          expect(commit.previousHash).toBe(previous);
          expect(commit.hash).toBe(sha256(previous + commit.body));
          previous = commit.hash;
        }
        expect(commits).toHaveLength(position);
        expect(previous).toBe(hash);
      }
    });

    it('has in the body everything that is beside it, except partition and position', async () => {
      await fill();
      for (const commit of [...(await readAll(log.store, 'p-0')), ...(await readAll(log.store, 'p-1'))]) {
        const body = JSON.parse(commit.body) as CommitBody;
        expect(copiesIn(body)).toEqual(copiesBeside(commit));
        if (commit.parsed) expect(commit.parsed).toEqual(body);
        expect(Object.keys(commit)).not.toContain('parsed');
      }
    });

    it('hashes the same bytes in every store: the request as JSON, in this order of fields', async () => {
      const metadata = { actor: 'a', correlationId: 'c', causationId: 'cause', traceparent: 'trace' };
      const requests = [
        aCommit({
          stream: streamIn('p-0', 'A'),
          commitId: 'one',
          events: [anEvent(), anEvent('test.ü', ['🚂', null])],
        }),
        aCommit({ stream: streamIn('p-0', 'A'), commitId: 'two', metadata }),
      ];
      for (const request of requests) await log.store.append(request);
      const commits = await readAll(log.store, 'p-0');
      let previous = '';
      requests.forEach(({ stream, commitId, events, metadata: { actor, correlationId, ...causes } }, index) => {
        const { time, firstVersion, body, hash } = commits[index]!;
        const fields = { stream, firstVersion, commitId, time, actor, correlationId, ...causes, events };
        expect(body).toBe(JSON.stringify(fields));
        expect(hash).toBe((previous = sha256(previous + body)));
      });
      expect(commits.map((commit) => commit.firstVersion)).toEqual([1, 3]);
    });

    it('reads the same from memory, from the store, and by another reader', async () => {
      await fill();
      const fresh = await log.open();
      const remembered = await log.store.readPartition('p-0', 0);
      expect({ ...remembered[0] }).not.toHaveProperty('parsed');
      const plain = (commits: readonly Commit[]): object[] => commits.map((commit) => ({ ...commit }));
      expect(plain(await log.store.readPartition('p-0', 0, undefined, { stored: true }))).toEqual(plain(remembered));
      expect(plain(await fresh.readPartition('p-0', 0))).toEqual(plain(remembered));
    });
  });
}

function copiesIn(body: CommitBody): object {
  const { stream, firstVersion, commitId, time, actor, correlationId, causationId, traceparent, events } = body;
  const lastVersion = firstVersion + events.length - 1;
  const types = [...new Set(events.map((event) => event.type))];
  return { stream, firstVersion, lastVersion, commitId, time, actor, correlationId, causationId, traceparent, types };
}

function copiesBeside(commit: Commit): object {
  const { stream, firstVersion, lastVersion, commitId, time, actor, correlationId, causationId, traceparent } = commit;
  const types = [...commit.types];
  return { stream, firstVersion, lastVersion, commitId, time, actor, correlationId, causationId, traceparent, types };
}
