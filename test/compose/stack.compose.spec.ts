import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Load } from '../chaos/support/load.js';
import { eventsOf, missingOf } from '../chaos/support/record.js';
import { ComposeProject, hasDocker } from './support/compose-project.js';

const BUILD_MS = 420_000;
const UP_MS = 240_000;
/** Generous: what a user sees on a machine of his own is seconds. */
const BACK_WITHIN_MS = 90_000;

describe.skipIf(!(await hasDocker()))('docker compose up --scale tool-executor=2 --scale gateway=2', () => {
  let project: ComposeProject;
  let load: Load;
  let gateway: string;
  let monitor: string;
  let headers: Record<string, string>;

  beforeAll(async () => {
    project = await ComposeProject.create();
    gateway = project.url('GATEWAY_PORT');
    monitor = project.url('MONITOR_PORT');
    headers = { 'content-type': 'application/json', authorization: `Bearer ${project.token}` };
    await project.build(BUILD_MS);
    await project.up({ 'tool-executor': 2, gateway: 2 }, UP_MS);
  }, BUILD_MS + UP_MS);
  afterAll(async () => {
    await load?.stop();
    await project?.[Symbol.asyncDispose]();
  }, 180_000);

  const json = async (url: string): Promise<any> => (await fetch(url, { headers })).json();
  const call = async (tool: string, args: object): Promise<any> => {
    const body = JSON.stringify({ arguments: args });
    return (await fetch(`${gateway}/tools/${tool}/call`, { method: 'POST', headers, body })).json();
  };
  /** Waits for the load to get more answers than it has now. */
  const moreAnswers = (count: number, what: string): Promise<unknown> => {
    const before = load.answered;
    return waitFor(() => load.answered >= before + count, { timeoutMs: BACK_WITHIN_MS, intervalMs: 50, what });
  };

  it('lists the tools of its servers to who has the token', async () => {
    expect((await fetch(`${gateway}/tools`)).status).toBe(401);
    const names = async (): Promise<string[]> =>
      (await json(`${gateway}/tools?limit=1000`)).tools
        .filter(({ available }: any) => available)
        .map(({ server }: any) => server);
    await waitFor(
      async () =>
        expect(await names()).toEqual(expect.arrayContaining(['everything', 'filesystem', 'sql', 'traced'])) ?? true,
      { timeoutMs: 60_000, intervalMs: 200, what: 'the tools' },
    );
  });

  it.each([
    ['everything__echo', { message: 'hello' }, 'Echo: hello', ['gateway', 'monitor', 'tool-executor']],
    [
      'traced__note_services',
      { id: 'now' },
      'gateway, monitor, registry, resource-service, tool-executor',
      ['gateway', 'monitor', 'registry', 'resource-service', 'tool-executor'],
    ],
  ])('records a call of %s, and its trace is in Jaeger', async (tool, args, text, expected) => {
    const answered = await waitFor(
      async () => {
        const { callId, result } = await call(tool, args);
        return result?.content?.[0]?.text === text && { callId };
      },
      // a service may be seen by the registry a moment after its start
      { timeoutMs: 60_000, intervalMs: 500, what: text },
    );
    const { traceId } = await waitFor(
      async () => {
        const found = await json(`${monitor}/calls/${answered.callId}`);
        return found.state === 'completed' && found;
      },
      { timeoutMs: 30_000, what: 'the call at the monitor' },
    );
    const services = async (): Promise<string[]> => {
      const { data } = await json(`${project.url('JAEGER_PORT')}/api/traces/${traceId}`);
      const processes: { serviceName: string }[] = Object.values(data?.[0]?.processes ?? {});
      return [...new Set(processes.map(({ serviceName }) => serviceName))].sort();
    };
    await waitFor(async () => expect(await services()).toEqual(expected) ?? true, {
      timeoutMs: 60_000,
      intervalMs: 500,
      what: 'the trace',
    });
  });

  it('is operated by the command signalbox in a container of its own', async () => {
    const servers: { name: string; state: string }[] = JSON.parse(await project.signalbox('servers', 'list', '--json'));
    expect(servers.map(({ name }) => name)).toEqual(expect.arrayContaining(['everything', 'filesystem']));
    const arg = ['--arg', 'message=from the terminal'];
    expect(await project.signalbox('tools', 'call', 'everything__echo', ...arg)).toContain('Echo: from the terminal');
    expect(await project.signalbox('config', 'check')).toContain('nothing is wrong');
  });

  it('shares the load among the replicas', async () => {
    load = new Load({
      gateway,
      token: project.token,
      rest: {
        // a read, and what may not be repeated
        everything__echo: (n) => ({ message: `m${n}` }),
        filesystem__write_file: (n) => ({ path: `/data/sandbox/${n % 50}.txt`, content: `${n}` }),
      },
      session: { tool: 'everything__get-sum', args: (n) => ({ a: n, b: 1 }) },
    });
    const sources = async (type: string): Promise<string[]> => [
      ...new Set((await eventsOf(monitor, type)).map(({ source }) => source.replace('/signalbox/', ''))),
    ];
    const shared = async () =>
      expect([
        (await sources('tool.call.requested')).toSorted(),
        (await sources('tool.call.started')).toSorted(),
      ]).toEqual([
        ['gateway-1', 'gateway-2'],
        ['tool-executor-1', 'tool-executor-2'],
      ]) ?? true;
    await waitFor(shared, { timeoutMs: 60_000, intervalMs: 500, what: 'calls at all replicas' });
    await waitFor(() => load.storedDocuments.length > 5, { timeoutMs: 60_000, what: 'documents' });
  });

  it.each(['tool-executor', 'gateway', 'consul'])('serves on when a %s is killed', async (service) => {
    const start = await project.kill(service);
    await moreAnswers(30, `service without one ${service}`);
    await start();
    await moreAnswers(30, `service with the ${service} back`);
  });

  it.each(['rabbitmq', 'mongo'])('refuses while %s is away, and goes on by itself', async (service) => {
    const before = load.refusals.length;
    const start = await project.kill(service);
    const refused = await waitFor(
      () => load.refusals.slice(before).find(({ status, retryable }) => status === 503 && retryable === true),
      { timeoutMs: BACK_WITHIN_MS, what: `a refusal without ${service}` },
    );
    expect(refused.tookMs).toBeLessThan(15_000);
    await start();
    const began = performance.now();
    await moreAnswers(30, `service with ${service} back`);
    console.log(`${service}: 30 answers ${Math.round(performance.now() - began)} ms after its start`);
  });

  it('goes on when registry, resource-service and monitor were killed', async () => {
    const documents = load.storedDocuments.length;
    const starts = await Promise.all(
      ['registry', 'resource-service', 'monitor'].map((service) => project.kill(service)),
    );
    await moreAnswers(30, 'calls without registry, resource-service and monitor');
    await Promise.all(starts.map((start) => start()));
    await waitFor(() => load.storedDocuments.length > documents + 5, {
      timeoutMs: BACK_WITHIN_MS,
      what: 'documents with the resource-service back',
    });
    for (const port of ['REGISTRY_PORT', 'EXECUTOR_PORT', 'RESOURCES_PORT', 'MONITOR_PORT', 'GATEWAY_PORT'] as const) {
      await waitFor(async () => (await fetch(`${project.url(port)}/health/ready`)).status === 200, {
        timeoutMs: BACK_WITHIN_MS,
        intervalMs: 200,
        what: port,
      });
    }
  });

  it('has everything that was acknowledged in the log, once, with an unbroken chain', async () => {
    await load.stop();
    expect(await missingOf(load, monitor, (tool) => tool.startsWith('everything'))).toEqual([]);
    expect(await json(`${monitor}/audit/verify`)).toMatchObject({ ok: true });
    console.log(String(load));
  });
});
