import { INSTANCE_HEARTBEAT, newId, type InstanceHeartbeat } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { memberForTest } from '../../../test/member.js';
import { registryForTest } from '../../../test/running-service.js';

describe('GET /cluster', () => {
  it('shows role, capacity, load and features of each instance, and sums for each service', async () => {
    const { http } = await registryForTest();
    const painter = { serviceName: 'painter', host: '127.0.0.1', port: 1 };
    const capacity = { maxConcurrentRequests: 10, currentLoad: 4 };
    await http
      .post('/services')
      .send({ ...painter, id: 'p', role: 'master', capacity, features: ['oil'] })
      .expect(201);
    await http
      .post('/services')
      .send({ ...painter, id: 'q', capacity, status: 'DOWN' })
      .expect(201);
    const { body } = await http.get('/cluster').expect(200);
    expect(body.success).toBe(true);
    expect(body.data.services.painter).toEqual({ instances: 2, up: 1, maxConcurrentRequests: 10, currentLoad: 4 });
    expect(body.data.services.registry).toMatchObject({ instances: 1, up: 1 });
    expect(body.data.statuses).toEqual({ STARTING: 0, UP: 2, DOWN: 1, OUT_OF_SERVICE: 0 });
    expect(body.data.instances).toMatchObject([
      { id: 'p', serviceName: 'painter', role: 'master', capacity, features: ['oil'] },
      { id: 'q', status: 'DOWN' },
      { id: 'registry-1' },
    ]);
  });

  it('says who leads, and who led', async () => {
    const { http } = await registryForTest();
    const { body } = await http.get('/cluster').expect(200);
    expect(body.data.leader).toEqual({ instanceId: 'registry-1', isHere: true });
    const { leader } = await waitFor(async () => {
      const past = await http.get(`/cluster?as-of=${new Date().toISOString()}`).expect(200);
      return past.body.data.leader.instanceId !== null && past.body.data;
    });
    expect(leader).toEqual({ instanceId: 'registry-1', isHere: true });
  });
});

describe('the load of an instance', () => {
  const member = async (at: { http: Awaited<ReturnType<typeof registryForTest>>['http'] }) => {
    const { body } = await at.http.get('/services/monitor').expect(200);
    return body.data[0];
  };

  it('is what it reported last, and is marked when it reports no more', async () => {
    const registry = await registryForTest();
    await memberForTest({ ...registry, heartbeatMs: 60_000 });
    const shown = await waitFor(async () => {
      const found = await member(registry);
      return found.load && found;
    });
    expect(shown.load).toEqual({
      running: 0,
      queued: 0,
      capacity: 1_000,
      eventLoopLagMs: expect.any(Number),
      memoryBytes: expect.any(Number),
      at: expect.any(String),
      startedAt: expect.any(String),
      stale: false,
    });
    expect(shown.load.memoryBytes).toBeGreaterThan(1_000_000);
    await registry.ports.bus.publish({ id: newId(), type: INSTANCE_HEARTBEAT, body: beat(7, 1, 3) });
    const stale = await waitFor(async () => {
      const found = await member(registry);
      return found.load.stale && found;
    });
    expect(stale).toMatchObject({ capacity: { currentLoad: 7 }, load: { running: 7, queued: 3, capacity: 10 } });
    // the list comes from what watching has told, which may be later
    const dataAt = async (path: string, at: (data: any) => unknown) =>
      at((await registry.http.get(path).expect(200)).body.data);
    const patience = { timeout: 20_000 };
    await expect.poll(() => dataAt('/cluster', ({ services }) => services.monitor?.currentLoad), patience).toBe(7);
    const isMonitor = ({ id }: { id: string }) => id === 'monitor-1';
    await expect
      .poll(() => dataAt('/cluster', ({ instances }) => instances.find(isMonitor)?.load), patience)
      .toEqual(stale.load);
    await expect
      .poll(() => dataAt('/services?serviceName=monitor', (found) => found.find(isMonitor)?.load), patience)
      .toEqual(stale.load);
  });

  it('is an event when it comes into another band, and not otherwise', async () => {
    const registry = await registryForTest();
    const { bus, events } = registry.ports;
    const say = (running: number) =>
      bus.publish({ id: newId(), type: INSTANCE_HEARTBEAT, body: beat(running, 60_000) });
    const bands = async () => {
      const all = await events.readStream('load-monitor-1');
      return all.map(({ data }) => (data as { to: string }).to);
    };
    for (const running of [1, 2, 3, 9, 1, 9, 9]) await say(running);
    await waitFor(async () => (await bands()).length === 1);
    for (const running of [10, 10, 10]) await say(running);
    await waitFor(async () => (await bands()).length === 2);
    await bus.publish({ id: newId(), type: INSTANCE_HEARTBEAT, body: beat(10, 1) });
    await waitFor(async () => (await bands()).length === 3);
    for (const running of [0, 0]) await say(running);
    await waitFor(async () => (await bands()).length === 4);
    expect(await bands()).toEqual(['high', 'full', 'silent', 'normal']);
  });
});

function beat(running: number, intervalMs: number, queued = 0): InstanceHeartbeat {
  const load = { running, queued, capacity: 10, eventLoopLagMs: 0, memoryBytes: 1 };
  const times = { startedAt: 1, at: Date.now(), intervalMs };
  return { instanceId: 'monitor-1', serviceName: 'monitor', run: 'r', ...times, load };
}
