import { describeWithServers, waitFor } from '@signalbox/testing';
import { MongoInstanceLeases } from '@signalbox/adapter-mongodb';
import { newTraceparent, traceIdOf } from '@signalbox/contracts';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newSdkClient, type TestClient } from './support/clients.js';
import { Installation, type ServiceProcess } from './support/distributed.js';
import { hasAllParents, namesOf, pathTo, servicesIn, spansOfTrace, type SeenSpan } from './support/jaeger.js';
import { everything } from './support/servers.js';

const json = async (url: string): Promise<any> => (await fetch(url)).json();
const text = (result: { content: { text?: string }[] }): string | undefined => result.content[0]?.text;
const classes = { echo: { class: 'read' }, 'get-sum': { class: 'read' } };
const config = {
  signalbox: { telemetry: { metricsIntervalMs: 1_000 } },
  mcpServers: {
    everything: { ...everything, signalbox: { tools: classes } },
    traced: {
      command: process.execPath,
      args: [resolve('examples/traced-tool/server.mjs')],
      env: {
        REGISTRY_URL: '${REGISTRY_URL:-http://127.0.0.1:3001}',
        RESOURCES_URL: '${RESOURCES_URL:-http://127.0.0.1:3003}',
      },
    },
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
    const [first, resources] = await Promise.all([
      installation.start('registry'),
      installation.start('resource-service'),
    ]);
    registry = first;
    executor = await installation.start('tool-executor', { REGISTRY_URL: registry.url, RESOURCES_URL: resources.url });
    [gateway, monitor] = await Promise.all([installation.start('gateway'), installation.start('monitor')]);
    await listed(gateway);
    // Consul's first check of it may be later than its tools
    const isProxied = async () => (await fetch(`${gateway.url}/resources/notes`)).status !== 503;
    await waitFor(isProxied, { timeoutMs: 30_000, what: 'the resource-service at the gateway' });
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
        return ['everything__echo', 'asking__ask', 'traced__note_services'].every((name) => names.includes(name));
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

    /** The spans of a call once all of `names` are there. */
    async function traceOf(callId: unknown, names: readonly string[]): Promise<SeenSpan[]> {
      const { traceId } = await waitFor(
        async () => {
          const found = await json(`${monitor.url}/calls/${String(callId)}`);
          return found.state === 'completed' ? found : undefined;
        },
        { timeoutMs: 30_000, what: 'the call at the monitor' },
      );
      let spans: SeenSpan[] = [];
      const seen = async (): Promise<string[]> => {
        spans = await spansOfTrace(jaeger!, traceId);
        return hasAllParents(spans) ? namesOf(spans) : [];
      };
      await expect.poll(seen, { timeout: 30_000 }).toEqual(expect.arrayContaining([...names]));
      return spans;
    }
    const CALL = [
      'gateway: append call',
      'gateway: send mcp-events',
      'gateway: send mcp.execute.everything',
      'gateway: tools/call echo',
      'monitor: project calls',
      'tool-executor: append attempt',
      'tool-executor: process mcp.execute.everything',
      'tool-executor: send mcp-events',
      'tool-executor: tools/call echo',
    ];

    it('follows a call from gateway to server, log, bus and monitor as one trace in Jaeger', async () => {
      const result = await client.call('everything__echo', { message: 'traced' });
      const spans = await traceOf(result._meta!['io.signalbox/callId'], CALL);
      expect(pathTo(spans, 'tool-executor: tools/call echo')).toEqual([
        'gateway: tools/call echo',
        'gateway: send mcp.execute.everything',
        'tool-executor: process mcp.execute.everything',
        'tool-executor: tools/call echo',
      ]);
      // nothing hangs in the air
      for (const name of CALL) expect(pathTo(spans, name)[0]).toBe('gateway: tools/call echo');
      const tagsOf = (name: string) => spans.find((span) => span.name === name)!.tags;
      expect(tagsOf('append call')).toMatchObject({ 'db.system.name': 'mongodb', 'span.kind': 'client' });
      expect(tagsOf('send mcp-events')).toMatchObject({ 'messaging.system': 'rabbitmq', 'span.kind': 'producer' });
    });

    it('sees all five services in the trace of a call whose tool uses registry and resource-service', async () => {
      const result = await client.call('traced__note_services', { id: 'now' });
      expect(text(result)).toBe('gateway, monitor, registry, resource-service, tool-executor');
      const spans = await traceOf(result._meta!['io.signalbox/callId'], [
        'registry: GET /services',
        'resource-service: PUT /resources/:collection/:id',
        'resource-service: append resource',
        'monitor: project calls',
      ]);
      expect(new Set(spans.map(({ service }) => service))).toEqual(
        new Set(['gateway', 'monitor', 'registry', 'resource-service', 'tool-executor']),
      );
      expect(pathTo(spans, 'resource-service: append resource').slice(-3)).toEqual([
        'tool-executor: tools/call note_services',
        'resource-service: PUT /resources/:collection/:id',
        'resource-service: append resource',
      ]);
      expect(await servicesIn(jaeger!)).toEqual(
        expect.arrayContaining(['gateway', 'monitor', 'registry', 'resource-service', 'tool-executor']),
      );
    });

    it('follows a request through the proxy to the resource-service, in the trace of its client', async () => {
      const traceparent = newTraceparent();
      await fetch(`${gateway.url}/resources/reports/none`, { headers: { traceparent } });
      const spans = (): Promise<SeenSpan[]> => spansOfTrace(jaeger!, traceIdOf(traceparent)!);
      await expect
        .poll(async () => namesOf(await spans()), { timeout: 30_000 })
        .toEqual(['gateway: GET', 'gateway: GET /resources/**', 'resource-service: GET /resources/:collection/:id']);
      expect((await spans()).map(({ tags }) => tags['http.response.status_code'])).toEqual([404, 404, 404]);
    });

    it('is told once, although they would be sent each second, that Jaeger takes no metrics', async () => {
      const told = (): number =>
        gateway
          .output()
          .split('\n')
          .filter((line) => line.includes('answers 404: this collector takes no metrics')).length;
      await waitFor(() => told() > 0, { timeoutMs: 30_000, what: 'the word about metrics' });
      expect(told()).toBe(1);
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
