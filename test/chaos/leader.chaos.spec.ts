import { describeWithServers, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Installation, type ServiceProcess } from '../e2e/support/distributed.js';

const json = async (url: string, init?: RequestInit): Promise<any> => (await fetch(url, init)).json();
const PATIENCE = { timeoutMs: 60_000, intervalMs: 100 };

describeWithServers(['AMQP_URL', 'MONGODB_URL', 'CONSUL_URL'], 'two registries', (amqp, mongo, consul) => {
  let installation: Installation;
  let registries: ServiceProcess[];
  let monitor: ServiceProcess;

  beforeAll(async () => {
    const config = { mcpServers: {}, signalbox: { cluster: { heartbeatMs: 500 } } };
    installation = await Installation.create({ amqp: amqp!, mongo: mongo!, consul: consul! }, config);
    [monitor, ...registries] = await Promise.all([
      installation.start('monitor'),
      installation.start('registry'),
      installation.start('registry'),
    ]);
  }, 200_000);
  afterAll(() => installation?.[Symbol.asyncDispose](), 60_000);

  const leaderAt = async ({ url }: ServiceProcess): Promise<{ instanceId: string | null; isHere: boolean }> =>
    (await json(`${url}/cluster`)).data.leader;
  const leaderOf = (some: readonly ServiceProcess[]): Promise<ServiceProcess> =>
    waitFor(
      async () => {
        for (const registry of some) if ((await leaderAt(registry)).isHere) return registry;
        return undefined;
      },
      { ...PATIENCE, what: 'a leader' },
    );
  const ofMonitor = async (type: string): Promise<any[]> =>
    (await json(`${monitor.url}/events?type=${type}&limit=500`)).events;
  const command = (at: ServiceProcess, instance: string, name: string): Promise<any> =>
    json(`${at.url}/cluster/instances/${instance}/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"who":"ada"}',
    });
  const ended = (at: ServiceProcess, commandId: string): Promise<any> =>
    waitFor(
      async () => {
        const { data } = await json(`${at.url}/cluster/commands/${commandId}`);
        return ['completed', 'failed'].includes(data?.state) && data;
      },
      { ...PATIENCE, what: `the end of ${commandId}` },
    );

  it('agree on who leads, and know the load of all', async () => {
    const leader = await leaderOf(registries);
    for (const registry of registries) {
      const { data } = await json(`${registry.url}/cluster`);
      expect(data.leader.isHere).toBe(registry === leader);
      await waitFor(
        async () => {
          const [instance] = (await json(`${registry.url}/services/monitor`)).data;
          return instance?.load?.stale === false && instance.load.memoryBytes > 0;
        },
        { ...PATIENCE, what: 'the load of the monitor' },
      );
    }
  });

  it('answer from the log what Consul said at a moment', async () => {
    const at = async (time: string): Promise<string[]> => {
      const { data } = await json(`${registries[0]!.url}/services?serviceName=monitor&as-of=${time}`);
      return data.map(({ id }: { id: string }) => id).sort();
    };
    const now = (): string => new Date().toISOString();
    await waitFor(async () => (await at(now())).length === 1, { ...PATIENCE, what: 'the monitor in the log' });
    const second = await installation.start('monitor');
    await waitFor(async () => (await at(now())).length === 2, { ...PATIENCE, what: 'the second one in the log' });
    const then = now();
    await second.stop();
    await waitFor(async () => (await at(now())).length === 1, { ...PATIENCE, what: 'its end in the log' });
    expect(await at(then)).toEqual(['monitor-1', 'monitor-2']);
    const { data } = await json(`${registries[1]!.url}/cluster?asOf=${then}`);
    expect(data.services.monitor.instances).toBe(2);
    expect(data.leader.instanceId).toMatch(/^registry-[12]$/);
  });

  it('lose their leader while commands are open: the other leads, ends them, and nothing is done twice', async () => {
    const leader = await leaderOf(registries);
    const follower = registries.find((registry) => registry !== leader)!;
    const restart = await command(follower, 'monitor-1', 'restart');
    // of the follower itself, which is told by the one that leads, whoever that is then
    const { data: instances } = await json(`${follower.url}/services/registry`);
    const own = instances.find(({ port }: { port: number }) => String(port) === new URL(follower.url).port).id;
    const update = await command(follower, own, 'update-config');
    await leader.stop('SIGKILL');
    const killedAt = performance.now();
    await waitFor(async () => (await leaderAt(follower)).isHere, { ...PATIENCE, what: 'the next leader' });
    const tookMs = performance.now() - killedAt;
    console.info(`another registry leads ${Math.round(tookMs)} ms after the leader was killed`);
    // ten seconds is what is promised; the rest is for a machine that is busy with other things
    expect(tookMs).toBeLessThan(20_000);
    expect((await ended(follower, restart.data.commandId)).state).toBe('completed');
    expect((await ended(follower, update.data.commandId)).state).toBe('completed');
    const again = await command(follower, 'monitor-1', 'update-config');
    expect(await ended(follower, again.data.commandId)).toMatchObject({ state: 'completed', config: { changed: [] } });
    await waitFor(async () => (await ofMonitor('instance.command.completed')).length === 3, PATIENCE);
    for (const type of ['instance.commanded', 'instance.command.accepted', 'instance.command.completed']) {
      const ids = (await ofMonitor(type)).map(({ data }) => data.commandId);
      expect([type, ids.length, new Set(ids).size]).toEqual([type, 3, 3]);
    }
    expect(monitor.output().split('"monitor is up"')).toHaveLength(3);
    const terms = (await ofMonitor('cluster.leader_elected')).map(({ data }) => data.term);
    expect(new Set(terms).size).toBe(terms.length);
  });
});
