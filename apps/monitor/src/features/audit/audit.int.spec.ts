import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { completeCall, projected, requestCall, startMonitor, type TestMonitor } from '../../../test/harness.js';

describe('GET /audit/verify', () => {
  let dataDir: string;
  let monitor: TestMonitor;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'signalbox-audit-'));
    monitor = await startMonitor({ dataDir });
    for (let i = 0; i < 10; i++) await completeCall(monitor.ports);
  });
  afterEach(async () => {
    await monitor.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** Changes the database behind the product's back. */
  const tamper = (sql: string, ...parameters: (string | number)[]) => {
    const db = new DatabaseSync(join(dataDir, 'events.db'));
    try {
      expect(db.prepare(sql).run(...parameters).changes).toBe(1);
    } finally {
      db.close();
    }
  };
  const AT = `partition_id = (SELECT id FROM partitions WHERE name = 'gateway-1') AND position = ?`;
  const verify = async (query = '') => {
    const { body } = await monitor.http.get(`/audit/verify${query}`).expect(200);
    return body as {
      ok: boolean;
      partitions: { partition: string; head: number; hash: string; firstBad?: number; reason?: string }[];
    };
  };
  const gateway = async () => (await verify()).partitions.find(({ partition }) => partition === 'gateway-1');

  it('finds an intact log intact, with the head and hash of each partition', async () => {
    const report = await verify();
    const heads = await monitor.ports.events.partitions();
    expect(report.ok).toBe(true);
    expect(report.partitions).toEqual(
      heads
        .map(({ partition, position, hash }) => ({ partition, head: position, hash }))
        .toSorted((a, b) => (a.partition < b.partition ? -1 : 1)),
    );
  });

  it.each([
    ['a byte of the body', `UPDATE commits SET body = replace(body, '"alice"', '"alicf"') WHERE ${AT}`, 4],
    ['a byte of the hash', `UPDATE commits SET hash = 'x' || substr(hash, 2) WHERE ${AT}`, 4],
    [
      'a byte of the previous hash',
      `UPDATE commits SET previous_hash = 'x' || substr(previous_hash, 2) WHERE ${AT}`,
      4,
    ],
    ['the copy of the stream', `UPDATE commits SET stream = stream || 'x' WHERE ${AT}`, 4],
    ['the copy of the time', `UPDATE commits SET time = '2020-01-01T00:00:00.000Z' WHERE ${AT}`, 4],
    ['the copy of the commit id', `UPDATE commits SET commit_id = 'another' WHERE ${AT}`, 4],
    ['the copy of the correlation id', `UPDATE commits SET correlation_id = 'another' WHERE ${AT}`, 4],
    ['the copy of the version', `UPDATE commits SET last_version = last_version + 1 WHERE ${AT}`, 4],
    ['the types', `UPDATE commits SET type_set = (SELECT max(id) FROM type_sets) + 1 WHERE ${AT}`, 4],
    ['a row in the middle', `DELETE FROM commits WHERE ${AT}`, 4],
    ['the first row', `DELETE FROM commits WHERE ${AT}`, 1],
    ['the position of a row', `UPDATE commits SET position = 99 WHERE ${AT}`, 4],
  ])('finds that %s was changed, and names the position', async (_, sql, position) => {
    await projected(monitor);
    tamper(sql, position);
    const report = await verify();
    expect(report.ok).toBe(false);
    const bad = report.partitions.filter(({ firstBad }) => firstBad !== undefined);
    expect(bad).toEqual([expect.objectContaining({ partition: 'gateway-1', head: position - 1, firstBad: position })]);
    expect(bad[0]?.reason).toMatch(/\w+/);
  });

  it('finds a body that was changed together with its hash, at the next commit', async () => {
    const { createHash } = await import('node:crypto');
    const [commit] = await monitor.ports.events.readPartition('gateway-1', 3, 1);
    const body = commit!.body.replace('alice', 'mallory');
    const hash = createHash('sha256').update(commit!.previousHash).update(body).digest('hex');
    tamper(`UPDATE commits SET body = ?, hash = ? WHERE ${AT}`, body, hash, 4);
    expect(await gateway()).toMatchObject({ head: 4, firstBad: 5 });
  });

  it('finds that the end was cut off, by what the projection has read, also after a restart', async () => {
    await projected(monitor);
    tamper(`DELETE FROM commits WHERE ${AT}`, 10);
    expect(await gateway()).toMatchObject({ head: 9, firstBad: 10, reason: expect.stringContaining('10') as string });
    await monitor.stop();
    monitor = await startMonitor({ dataDir });
    expect(await gateway()).toMatchObject({ head: 9, firstBad: 10 });
  });

  it('compares with heads that the caller knows', async () => {
    const { hash } = (await gateway())!;
    const other = '0'.repeat(64);
    expect((await verify(`?expectedHead=gateway-1:10:${hash}`)).ok).toBe(true);
    expect((await verify(`?partition=gateway-1&expectedHead=gateway-1:10:${other}`)).partitions).toMatchObject([
      { firstBad: 10 },
    ]);
    expect((await verify('?partition=gateway-1&expectedHead=gateway-1:12')).partitions).toMatchObject([
      { head: 10, firstBad: 11 },
    ]);
    const gone = await verify('?expectedHead=gateway-7:3');
    expect(gone.partitions).toContainEqual(expect.objectContaining({ partition: 'gateway-7', head: 0, firstBad: 1 }));
  });

  it('verifies the partitions that are asked for', async () => {
    const { partitions } = await verify('?partition=gateway-1&partition=tool-executor-1');
    expect(partitions.map(({ partition }) => partition)).toEqual(['gateway-1', 'tool-executor-1']);
    const { body } = await monitor.http.get('/audit/verify?partition=nowhere').expect(404);
    expect(body.detail).toContain('the log has no partition nowhere; it has entity-');
  });

  it.each([
    ['partition=..%2Fetc', 'partition.0', 'name of a partition'],
    ['expectedHead=gateway-1', 'expectedHead.0', 'partition:position'],
    ['fast=true', '', 'allowed: partition, expectedHead'],
  ])('refuses ?%s', async (query, path, message) => {
    const { body } = await monitor.http.get(`/audit/verify?${query}`).expect(400);
    expect(body.errors[0]).toMatchObject({ path, message: expect.stringContaining(message) as string });
  });
});

describe('GET /audit/verify of a longer log', () => {
  it('lets calls through while it walks, shares one walk, and refuses another', async () => {
    const monitor = await startMonitor();
    try {
      for (let i = 0; i < 60; i++) await Promise.all(Array.from({ length: 100 }, () => requestCall(monitor.ports)));
      let ended = false;
      const both = Promise.all([1, 2].map(() => monitor.http.get('/audit/verify?partition=gateway-1').expect(200)));
      const done = both.then(() => (ended = true));
      let answeredMeanwhile = 0;
      let refused = 0;
      while (!ended) {
        const [live, other] = await Promise.all([
          monitor.http.get('/health/live'),
          monitor.http.get('/audit/verify?partition=monitor-none'),
        ]);
        if (!ended && live.status === 200) answeredMeanwhile++;
        if (other.status === 429) refused++;
      }
      await done;
      const [first, second] = await both;
      expect(second!.body).toEqual(first!.body);
      expect(first!.body).toMatchObject({ ok: true, partitions: [{ head: 6000 }] });
      expect(answeredMeanwhile).toBeGreaterThan(2);
      expect(refused).toBeGreaterThan(0);
    } finally {
      await monitor.stop();
    }
  });
});
