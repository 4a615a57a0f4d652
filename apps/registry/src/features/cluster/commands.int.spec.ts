import { createEvent, instanceCommands, newId, type InstanceCommandMessage } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { memberForTest } from '../../../test/member.js';
import { registryForTest, type RunningForTest } from '../../../test/running-service.js';

const RELOADED = { changed: ['signalbox.monitor.events.maxScanned'], needsRestart: [], problems: [] };

async function ended({ http }: Pick<RunningForTest, 'http'>, commandId: string) {
  return waitFor(
    async () => {
      const { body } = await http.get(`/cluster/commands/${commandId}`).expect(200);
      return ['completed', 'failed'].includes(body.data.state) && body.data;
    },
    { timeoutMs: 20_000, what: 'the end of the command' },
  );
}

async function typesOf({ ports }: Pick<RunningForTest, 'ports'>, instanceId: string): Promise<string[]> {
  return (await ports.events.readStream(`commands-${instanceId}`)).map(({ type }) => type);
}

describe('commands to instances', () => {
  it('restart: the service ends and starts again, once, and its new run is the proof', async () => {
    const registry = await registryForTest();
    const member = await memberForTest(registry);
    const answer = await registry.http
      .post('/cluster/instances/monitor-1/restart')
      .send({ who: 'ada', why: 'it leaks' })
      .expect(202);
    const { commandId } = answer.body.data;
    expect(answer.headers['location']).toBe(`/cluster/commands/${commandId}`);
    const done = await ended(registry, commandId);
    expect(done).toMatchObject({ state: 'completed', command: 'restart', who: 'ada', why: 'it leaks' });
    expect(done.run).not.toBe(done.acceptedBy);
    expect(member.starts()).toBe(2);
    expect(await typesOf(registry, 'monitor-1')).toEqual([
      'instance.commanded',
      'instance.command.accepted',
      'instance.command.completed',
    ]);
    const { body } = await registry.http.get('/cluster/commands?instanceId=monitor-1').expect(200);
    expect(body.data).toEqual([done]);
  });

  it('update-config: the configuration is read anew, and the answer says what changed', async () => {
    const registry = await registryForTest();
    let reloads = 0;
    const live = { reload: async () => (reloads++, RELOADED), onChange: () => () => undefined };
    await memberForTest({ ...registry, live });
    const { body } = await registry.http.post('/cluster/instances/monitor-1/update-config').expect(202);
    expect(body.data).toMatchObject({ state: expect.stringMatching('requested|accepted|completed'), who: 'anonymous' });
    expect(await ended(registry, body.data.commandId)).toMatchObject({ state: 'completed', config: RELOADED });
    expect(reloads).toBe(1);
  });

  it('are done once, however often they are delivered', async () => {
    const registry = await registryForTest();
    const member = await memberForTest(registry);
    const { body } = await registry.http.post('/cluster/instances/monitor-1/restart').expect(202);
    const { commandId } = body.data;
    await ended(registry, commandId);
    const message: InstanceCommandMessage = {
      ...{
        commandId,
        instanceId: 'monitor-1',
        command: 'restart',
        who: 'ada',
        version: 1,
        term: 0,
      },
      deadline: new Date(Date.now() + 60_000).toISOString(),
    };
    const { bus } = registry.ports;
    const type = instanceCommands('monitor-1');
    for (let i = 0; i < 3; i++) await bus.publish({ id: newId(), type, body: message }, { mandatory: true });
    // what is commanded after them is done after them
    const next = await registry.http.post('/cluster/instances/monitor-1/update-config').expect(202);
    await ended(registry, next.body.data.commandId);
    expect(member.starts()).toBe(2);
    expect((await typesOf(registry, 'monitor-1')).filter((each) => each === 'instance.command.accepted')).toHaveLength(
      2,
    );
  });

  it('say that an instance is away, and hold one command at a time', async () => {
    const registry = await registryForTest();
    const { http } = registry;
    await http
      .post('/services')
      .send({ id: 'monitor-9', serviceName: 'monitor', host: '127.0.0.1', port: 1 })
      .expect(201);
    const first = await http.post('/cluster/instances/monitor-9/restart').send({ timeoutMs: 1_000 }).expect(202);
    const second = await http.post('/cluster/instances/monitor-9/restart').expect(409);
    expect(second.body).toMatchObject({ commandId: first.body.data.commandId, retryable: true });
    const done = await ended(registry, first.body.data.commandId);
    expect(done).toMatchObject({ state: 'failed', reason: expect.stringContaining('monitor-9 is away') });
    await http.post('/cluster/instances/monitor-9/restart').send({ timeoutMs: 1_000 }).expect(202);
  });

  it('that another leader left are finished by the next: those taken, and those nobody took', async () => {
    const first = await registryForTest();
    const { ports } = first;
    await first.service.stop();
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const given = async (instanceId: string, deadline: string, run?: string) => {
      const ids = { commandId: newId(), instanceId };
      const reasons = { serviceName: 'monitor', command: 'restart', who: 'ada', deadline } as const;
      await ports.events.append({
        stream: `commands-${instanceId}`,
        expectedVersion: 0,
        events: [
          createEvent('instance.commanded', { ...ids, ...reasons }),
          ...(run === undefined ? [] : [createEvent('instance.command.accepted', { ...ids, run })]),
        ],
        commitId: newId(),
        metadata: { actor: 'registry-0', correlationId: ids.commandId },
      });
      return ids.commandId;
    };
    const late = await given('monitor-7', at(-1));
    const taken = await given('monitor-1', at(60_000), 'the run before');
    const open = await given('monitor-2', at(60_000));
    const next = await registryForTest({ ports, instanceId: 'registry-2' });
    await memberForTest({ ports, instanceId: 'monitor-1' });
    const member = await memberForTest({ ports, instanceId: 'monitor-2' });
    expect(await ended(next, late)).toMatchObject({ state: 'failed' });
    expect(await ended(next, taken)).toMatchObject({ state: 'completed', acceptedBy: 'the run before' });
    expect(await ended(next, open)).toMatchObject({ state: 'completed' });
    expect(member.starts()).toBe(2);
  });

  it('fail where nothing can carry them out', async () => {
    const registry = await registryForTest();
    await memberForTest({ ...registry, restarts: false });
    const restart = await registry.http.post('/cluster/instances/monitor-1/restart').expect(202);
    expect(await ended(registry, restart.body.data.commandId)).toMatchObject({
      state: 'failed',
      reason: 'nothing starts the monitor again here',
    });
    const update = await registry.http.post('/cluster/instances/monitor-1/update-config').expect(202);
    expect(await ended(registry, update.body.data.commandId)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('at its start only'),
    });
  });

  it('are refused where they make no sense', async () => {
    const { http } = await registryForTest();
    await http.post('/services').send({ id: 'p', serviceName: 'painter', host: '127.0.0.1', port: 1 }).expect(201);
    const foreign = await http.post('/cluster/instances/p/restart').expect(409);
    expect(foreign.body.detail).toContain('no service of Signalbox');
    const nobody = await http.post('/cluster/instances/nobody/restart').expect(404);
    expect(nobody.body.instances).toEqual(['registry-1']);
    const wrong = await http.post('/cluster/instances/registry-1/explode').expect(400);
    expect(wrong.body.detail).toContain('restart, update-config');
    const fast = await http.post('/cluster/instances/registry-1/restart').send({ timeoutMs: 1 }).expect(400);
    expect(fast.body.detail).toContain('timeoutMs');
    await http.get('/cluster/commands/nothing').expect(404);
  });
});
