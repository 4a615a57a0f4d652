import { describeWithServers, waitFor } from '@signalbox/testing';
import { MongoInstanceLeases } from '@signalbox/adapter-mongodb';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newSdkClient, type TestClient } from './support/clients.js';
import { Installation, type ServiceProcess } from './support/distributed.js';
import { everything } from './support/servers.js';

const json = async (url: string): Promise<any> => (await fetch(url)).json();
const text = (result: { content: { text?: string }[] }): string | undefined => result.content[0]?.text;
const classes = { echo: { class: 'read' }, 'get-sum': { class: 'read' } };
const config = {
  mcpServers: {
    everything: { ...everything, signalbox: { tools: classes } },
    asking: { command: process.execPath, args: [join(import.meta.dirname, 'support/asking-server.mjs')] },
  },
};

const SERVERS = ['AMQP_URL', 'MONGODB_URL', 'CONSUL_URL', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'JAEGER_QUERY_URL'] as const;

describeWithServers(SERVERS, 'five services as processes', (amqp, mongo, consul, otlp, jaeger) => {
  let installation: Installation;
  let registry: ServiceProcess;
  let executor: ServiceProcess;
  let gateway: ServiceProcess;
  let monitor: ServiceProcess;
  let client: TestClient;

  beforeAll(async () => {
    installation = await Installation.create({ amqp: amqp!, mongo: mongo!, consul: consul!, otlp: otlp! }, config);
    [registry] = await Promise.all([installation.start('registry'), installation.start('resource-service')]);
    executor = await installation.start('tool-executor');
    [gateway, monitor] = await Promise.all([installation.start('gateway'), installation.start('monitor')]);
    await listed(gateway);
    client = await newSdkClient(`${gateway.url}/mcp`);
  }, 120_000);
  afterAll(async () => {
    await client?.close().catch(() => undefined);
    await installation?.[Symbol.asyncDispose]();
  }, 60_000);

  /** Waits until a gateway has the tools and resources of all servers. */
  const listed = (at: ServiceProcess): Promise<unknown> =>
    waitFor(
      async () => {
        const { tools } = await json(`${at.url}/tools?limit=1000`);
        const names = tools.filter(({ available }: any) => available).map(({ name }: any) => name);
        return ['everything__echo', 'asking__ask'].every((name) => names.includes(name));
      },
      { timeoutMs: 30_000, what: `the tools at ${at.url}` },
    );
  const echo = async (through: TestClient, message: string): Promise<string | undefined> =>
    text(await through.call('everything__echo', { message }));

  describe('what a client sees', () => {
    it('lists and calls tools', async () => {
      expect(await client.tools()).toEqual(expect.arrayContaining(['everything__echo', 'everything__get-sum']));
      expect(await echo(client, 'over the wire')).toBe('Echo: over the wire');
    });

    it('hears the progress of its call, in order', async () => {
      const seen: number[] = [];
      const onprogress = ({ progress }: { progress: number }): void => void seen.push(progress);
      await client.call('everything__trigger-long-running-operation', { duration: 1, steps: 4 }, { onprogress });
      expect(seen).toEqual([1, 2, 3, 4]);
    });

    it('is asked by the server', async () => {
      expect(text(await client.call('asking__ask'))).toContain('sampled by the client');
    });

    it('reads documents of the resource-service, which the executor found in the directory', async () => {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ id: 'first', title: 'kept in MongoDB' });
      const put = await fetch(`${gateway.url}/resources/notes/first`, { method: 'PUT', headers, body });
      expect([put.status, await put.text()]).toEqual([expect.toBeOneOf([200, 201]), expect.anything()]);
      expect(await client.readResource('resource://notes/first')).toContain('kept in MongoDB');
    });
  });

  describe('what an operator sees', () => {
    it('finds the whole record of a call at the monitor', async () => {
      const result = await client.call('everything__get-sum', { a: 2, b: 3 });
      const id = result._meta!['io.signalbox/callId'] as string;
      const call = await waitFor(async () => {
        const found = await json(`${monitor.url}/calls/${id}`);
        return found.state === 'completed' ? found : undefined;
      });
      expect(call.events.map(({ type }: any) => type)).toEqual([
        'tool.call.requested',
        'tool.call.started',
        'tool.call.completed',
      ]);
      expect(await json(`${monitor.url}/audit/verify`)).toMatchObject({ ok: true });
    });

    it('follows a call from gateway to server as one trace in Jaeger', async () => {
      const result = await client.call('everything__echo', { message: 'traced' });
      const { traceId } = await json(`${monitor.url}/calls/${String(result._meta!['io.signalbox/callId'])}`);
      type Trace = {
        spans: { operationName: string; processID: string }[];
        processes: Record<string, { serviceName: string }>;
      };
      const spans = async (): Promise<string[]> => {
        const { data } = (await json(`${jaeger}/api/traces/${traceId}`)) as { data: Trace[] | null };
        const [trace] = data ?? [];
        return trace
          ? trace.spans.map((s) => `${trace.processes[s.processID]!.serviceName}: ${s.operationName}`).sort()
          : [];
      };
      await expect
        .poll(spans, { timeout: 15_000 })
        .toEqual([
          'gateway: tools/call echo',
          'tool-executor: process mcp.execute.everything',
          'tool-executor: tools/call echo',
        ]);
    });

    it('finds all services in Consul, and at the registry', async () => {
      const names = ['gateway', 'monitor', 'registry', 'resource-service', 'tool-executor'];
      for (const name of names) {
        const entries = await json(`${consul}/v1/health/service/${name}`);
        expect([name, entries.flatMap((entry: any) => entry.Service.Tags)]).toEqual([
          name,
          expect.arrayContaining(['mcp']),
        ]);
        const answer = await json(`${registry.url}/services/${name}`);
        expect([name, answer.success]).toEqual([name, true]);
      }
    });
  });

  describe('replicas', () => {
    it('have names of their own', async () => {
      const second = await installation.start('monitor');
      expect(second.output()).toContain('"instance":"monitor-2"');
      expect(await second.stop()).toBe(0);
    });

    it('of the gateway serve on when one is killed', async () => {
      const second = await installation.start('gateway');
      await listed(second);
      await gateway.stop('SIGKILL');
      await client.abandon().catch(() => undefined);
      gateway = second;
      client = await newSdkClient(`${gateway.url}/mcp`);
      expect(await echo(client, 'at the second gateway')).toBe('Echo: at the second gateway');
    });

    it('of the executor serve on when one is killed', async () => {
      const second = await installation.start('tool-executor');
      const pools = async () => JSON.stringify(await json(`${second.url}/pools`));
      await waitFor(async () => (await pools()).includes('"running"'), { timeoutMs: 30_000, what: 'its pools' });
      await executor.stop('SIGKILL');
      executor = second;
      const answered = waitFor(
        async () =>
          (await echo(client, 'by the second executor').catch(() => undefined)) === 'Echo: by the second executor',
        { timeoutMs: 30_000, what: 'an answer by the second executor' },
      );
      await answered;
    });

    it('whose name another one has end, so that they are started anew', async () => {
      const suspended = await installation.start('monitor');
      suspended.signal('SIGSTOP');
      const leases = await MongoInstanceLeases.open(installation.mongoUrl);
      const isLive = async () => (await leases.holders()).some(({ name, live }) => name === 'monitor-2' && live);
      await waitFor(async () => !(await isLive()), { timeoutMs: 30_000, what: 'the end of the lease' });
      await leases.close();
      const successor = await installation.start('monitor');
      expect(successor.output()).toContain('"instance":"monitor-2"');
      suspended.signal('SIGCONT');
      expect(await suspended.ended).toBe(1);
      expect(suspended.output()).toContain('monitor-2 belongs to another process now');
      await successor.stop();
    });

    it('take a name again that was given back', async () => {
      const next = await installation.start('monitor');
      expect(next.output()).toContain('"instance":"monitor-2"');
      await next.stop();
    });
  });
});
