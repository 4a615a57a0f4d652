import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoInstanceLeases } from '@signalbox/adapter-mongodb';
import { describeWithServers, ToxicWay, waitFor } from '@signalbox/testing';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Installation, type ServiceProcess } from '../e2e/support/distributed.js';
import { everything } from '../e2e/support/servers.js';
import { countingServer } from './support/counting.js';
import { Load } from './support/load.js';
import { eventsOf, missingOf } from './support/record.js';

/** Longer than the lease of a name. */
const OUTAGE_MS = 12_000;
/** Of a machine that has other things to do; it is seconds on one that has not. */
const BACK_WITHIN_MS = 60_000;
const PROBES = 20;
/** Half of the refusals come sooner, by far. */
const PROMPT_MS = 4_000;
const SERVERS = ['AMQP_URL', 'MONGODB_URL', 'CONSUL_URL', 'TOXIPROXY_URL'] as const;

describeWithServers([...SERVERS], 'an outage under load', (amqp, mongo, consul, toxiproxy) => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-outage-'));
  const counting = countingServer(join(folder, 'runs'));
  let broker: ToxicWay;
  let database: ToxicWay;
  let installation: Installation;
  let leases: MongoInstanceLeases;
  let services: ServiceProcess[];
  let gateway: string;
  let monitor: string;
  let load: Load;

  beforeAll(async () => {
    [broker, database] = await Promise.all([ToxicWay.to(toxiproxy!, amqp!), ToxicWay.to(toxiproxy!, mongo!)]);
    const tools = { echo: { class: 'read' } };
    const config = { mcpServers: { counting: counting.entry, everything: { ...everything, signalbox: { tools } } } };
    const urls = { amqp: broker.through(amqp!), mongo: database.through(mongo!), consul: consul! };
    installation = await Installation.create(urls, config);
    services = await Promise.all([installation.start('registry'), installation.start('resource-service')]);
    services.push(await installation.start('tool-executor'));
    services.push(...(await Promise.all([installation.start('gateway'), installation.start('monitor')])));
    [gateway, monitor] = ['gateway', 'monitor'].map(
      (name) => services.find(({ service }) => service === name)!.url,
    ) as [string, string];
    const direct = new URL(mongo!);
    direct.pathname = new URL(installation.mongoUrl).pathname;
    leases = await MongoInstanceLeases.open(direct.href);
    const listed = async (): Promise<boolean> => {
      const text = await (await fetch(`${gateway}/tools?limit=100`)).text();
      return text.includes('everything__echo') && text.includes('counting__slow');
    };
    await waitFor(listed, { timeoutMs: 60_000, intervalMs: 200, what: 'the tools' });
    load = new Load({
      gateway,
      rest: { counting__slow: (n) => ({ id: `w${n}`, ms: 0 }), everything__echo: (n) => ({ message: `m${n}` }) },
    });
  }, 240_000);
  afterEach(({ task }) => {
    if (task.result?.state !== 'fail') return;
    for (const { service, output } of services ?? []) console.error(`${service}:\n${output().slice(-4_000)}`);
  });
  afterAll(async () => {
    await Promise.all([broker?.restore(), database?.restore()]);
    await load?.stop();
    await leases?.close();
    await installation?.[Symbol.asyncDispose]();
    await Promise.all([broker?.close(), database?.close()]);
    rmSync(folder, { recursive: true, force: true });
  }, 120_000);

  const runsOf = (id: string): number => counting.runs().filter((run) => run === id).length;
  const answersAfter = (answered: number): Promise<unknown> =>
    waitFor(() => load.answered >= answered + 20, { timeoutMs: BACK_WITHIN_MS, intervalMs: 50, what: 'answers' });

  /** Takes a server away for longer than a lease, while a call is running. @returns what the call came to */
  async function outage(
    cut: () => Promise<void>,
    restore: () => Promise<void>,
    id: string,
    isOver: () => Promise<boolean>,
  ) {
    await answersAfter(load.answered);
    const running = counting.call(gateway, id, 3_000);
    await waitFor(() => runsOf(id) === 1, { timeoutMs: 30_000, what: `${id} to run` });
    const began = performance.now();
    await cut();
    const times: number[] = [];
    try {
      // until it has noticed, a request may wait for time-outs of its own
      const probe = async (n: number): Promise<string> => {
        const { status, body } = await counting.call(gateway, `probe-${id}-${n}`, 0);
        return `${status} ${JSON.stringify(body)}`;
      };
      const refusal = /^503 .*"retryable":true/;
      const isNoticed = async (): Promise<boolean> => refusal.test(await probe(-1));
      await waitFor(isNoticed, { timeoutMs: BACK_WITHIN_MS, intervalMs: 50, what: 'a refusal' });
      await waitFor(async () => (await fetch(`${gateway}/health/ready`)).status === 503, {
        timeoutMs: BACK_WITHIN_MS,
        what: 'the gateway to be unready',
      });
      for (let n = 0; n < PROBES; n++) {
        const asked = performance.now();
        expect(await probe(n)).toMatch(refusal);
        times.push(performance.now() - asked);
      }
      const isLong = async (): Promise<boolean> => performance.now() - began > OUTAGE_MS && isOver();
      await waitFor(isLong, { timeoutMs: BACK_WITHIN_MS, intervalMs: 200, what: 'an outage that is long enough' });
    } finally {
      await restore();
    }
    const restored = performance.now();
    const documents = load.storedDocuments.length;
    await answersAfter(load.answered);
    console.log(`${id}: 20 answers ${Math.round(performance.now() - restored)} ms after the end of the outage`);
    await waitFor(() => load.storedDocuments.length > documents + 5, {
      timeoutMs: BACK_WITHIN_MS,
      intervalMs: 50,
      what: 'documents',
    });
    console.log(`${id}: 6 documents ${Math.round(performance.now() - restored)} ms after the end of the outage`);
    const refused = load.refusals.filter(({ at }) => at > began && at < restored);
    const unclear = refused.filter(
      ({ status, body }) => status !== 503 || !JSON.stringify(body).includes('"retryable"'),
    );
    expect(unclear).toEqual([]);
    const median = times.toSorted((a, b) => a - b)[PROBES >> 1]!;
    console.log(`${id}: half of the refusals within ${Math.round(median)} ms`);
    expect(median).toBeLessThan(PROMPT_MS);
    return running;
  }

  /** Waits for the one outcome of a call. */
  const outcomeOf = (id: string): Promise<string> =>
    waitFor(
      async () => {
        const events = await eventsOf(monitor, 'tool.call.*');
        const callId = events.find(({ data }) => data.arguments?.id === id)?.correlationid;
        const types = events.filter(({ correlationid }) => correlationid === callId).map(({ type }) => type);
        const ends = types.filter((type) => !/requested|started|progressed/.test(type));
        return ends.length > 0 && ends.join();
      },
      { timeoutMs: BACK_WITHIN_MS, intervalMs: 200, what: `the outcome of ${id}` },
    );
  const allReady = (): Promise<unknown> =>
    waitFor(
      async () => (await Promise.all(services.map(({ url }) => fetch(`${url}/health/ready`)))).every(({ ok }) => ok),
      {
        timeoutMs: BACK_WITHIN_MS,
        intervalMs: 200,
        what: 'all services to be ready',
      },
    );

  it.each(['refuses connections', 'swallows everything'])('of a database that %s', async (how) => {
    const id = `unsafe-database-${how.split(' ')[0]}`;
    const noLease = async (): Promise<boolean> => (await leases.holders()).every(({ live }) => !live);
    const cut = () => (how === 'refuses connections' ? database.cut() : database.swallow());
    const outcome = await outage(cut, () => database.restore(), id, noLease);
    // it has run, and nobody may be told to run it again
    expect(JSON.stringify(outcome.body)).toMatch(/ran unsafe-database|"retryable":false/);
    expect(await outcomeOf(id)).toBe('tool.call.completed');
    expect(runsOf(id)).toBe(1);
    await allReady();
  });

  it.each(['refuses connections', 'swallows everything'])('of a broker that %s', async (how) => {
    const id = `unsafe-broker-${how.split(' ')[0]}`;
    const cut = () => (how === 'refuses connections' ? broker.cut() : broker.swallow());
    const outcome = await outage(
      cut,
      () => broker.restore(),
      id,
      async () => true,
    );
    expect(JSON.stringify(outcome.body)).toMatch(/ran unsafe-broker|"retryable":false/);
    expect(await outcomeOf(id)).toBe('tool.call.completed');
    expect(runsOf(id)).toBe(1);
    await allReady();
  });

  it('loses nothing that was acknowledged, and runs nothing twice', async () => {
    await load.stop();
    console.log(String(load));
    // events of reads may be on their way to the log
    const missing = () => missingOf(load, monitor, (tool) => tool === 'everything__echo');
    await waitFor(async () => (await missing()).length === 0, { timeoutMs: 30_000, intervalMs: 500 }).catch(
      () => undefined,
    );
    expect(await missing()).toEqual([]);
    const runs = counting.runs();
    expect(runs.filter((run, index) => runs.indexOf(run) !== index)).toEqual([]);
    expect(await (await fetch(`${monitor}/audit/verify`)).json()).toMatchObject({ ok: true });
  });
});
