import { newId, type ServiceInstance } from '@signalbox/contracts';
import { describeWithServers, ToxicWay } from '@signalbox/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ConsulApi } from '../api/consul-api.js';
import { ConsulDirectory } from './consul-directory.js';

describeWithServers(['CONSUL_URL', 'TOXIPROXY_URL'], 'ConsulDirectory while Consul is away', (consul, toxiproxy) => {
  let way: ToxicWay;
  let far: ConsulDirectory;
  let near: ConsulDirectory;
  const onError = vi.fn<(error: unknown, where: string) => void>();
  let instance: ServiceInstance;
  beforeEach(async () => {
    way = await ToxicWay.to(toxiproxy!, consul!);
    onError.mockClear();
    const quick = { requestTimeoutMs: 500, waitMs: 1_000, backoffMs: 50, maxBackoffMs: 200, antiEntropyMs: 200 };
    far = new ConsulDirectory({ url: way.through(consul!), ...quick, onError });
    near = new ConsulDirectory({ url: consul! });
    const id = `t${newId().toLowerCase()}`;
    instance = {
      id,
      serviceName: `${id}-service`,
      host: '127.0.0.1',
      port: 3000,
      status: 'UP',
      role: 'worker',
      capacity: { maxConcurrentRequests: 10, currentLoad: 0 },
      features: [],
      tags: [],
      metadata: {},
      registrationTime: 1,
      lastUpdateTime: 1,
    };
  });
  afterEach(async () => {
    await far.close();
    await near.deregister(instance.id);
    await near.close();
    await way.close();
  });

  it.each(['cut', 'swallow'] as const)(
    'keeps the last answer, and hears what changed when it is back: %s',
    async (how) => {
      const told: string[][] = [];
      far.watchService(instance.serviceName, (instances) => told.push(instances.map(({ status }) => status)));
      await far.register(instance);
      await vi.waitFor(() => expect(told.at(-1)).toEqual(['UP']), { timeout: 5_000 });
      await way[how]();
      await expect(far.getInstances(instance.serviceName)).rejects.toMatchObject({
        name: 'ConsulError',
        retryable: true,
      });
      await expect(far.ping()).rejects.toThrow(/Consul does not answer/);
      await near.register({ ...instance, status: 'OUT_OF_SERVICE' });
      await vi.waitFor(() => expect(onError).toHaveBeenCalled(), { timeout: 5_000 });
      expect(told.at(-1)).toEqual(['UP']);
      await way.restore();
      await vi.waitFor(() => expect(told.at(-1)).toEqual(['OUT_OF_SERVICE']), { timeout: 5_000 });
      await far.ping();
      expect(onError.mock.calls.length).toBeLessThan(10);
    },
  );

  it('registers again what the agent has forgotten, and nothing that was deregistered', async () => {
    await far.register(instance);
    const agent = new ConsulApi({ url: consul! });
    await way.cut();
    await agent.deregisterService(instance.id);
    await vi.waitFor(async () => expect(await near.getInstances(instance.serviceName)).toEqual([]));
    await way.restore();
    await vi.waitFor(async () => expect(await near.getInstances(instance.serviceName)).toHaveLength(1), {
      timeout: 5_000,
    });
    expect(await far.deregister(instance.id)).toBe(true);
    // several rounds of looking
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(await near.getInstances(instance.serviceName)).toEqual([]);
  });

  it('closes at once', async () => {
    far.watchService(instance.serviceName, () => undefined);
    await way.swallow();
    const began = performance.now();
    await far.close();
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
