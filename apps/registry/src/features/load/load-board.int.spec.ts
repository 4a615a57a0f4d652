import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import { INSTANCE_HEARTBEAT, newId, type InstanceHeartbeat } from '@signalbox/contracts';
import type { ServiceContext } from '@signalbox/nest-kit';
import { waitFor } from '@signalbox/testing';
import { expect, it, onTestFinished } from 'vitest';
import { LoadBoard } from './load-board.js';

const BEAT: InstanceHeartbeat = {
  instanceId: 'tool-executor-1',
  serviceName: 'tool-executor',
  run: 'r1',
  startedAt: 1_000,
  at: 2_000,
  intervalMs: 60_000,
  load: { running: 4, queued: 1, capacity: 10, eventLoopLagMs: 2, memoryBytes: 3 },
};

async function boardForTest() {
  const ports = await createEmbeddedPorts({ dataDir: ':memory:' });
  const board = new LoadBoard({ ports, instanceId: 'registry-1' } as unknown as ServiceContext);
  await board.onApplicationBootstrap();
  onTestFinished(async () => {
    await board.beforeApplicationShutdown();
    await ports.close();
  });
  const heard: string[] = [];
  board.onBeat(({ run }) => void heard.push(run));
  const say = (body: unknown) => ports.bus.publish({ id: newId(), type: INSTANCE_HEARTBEAT, body });
  return { board, heard, say };
}

it('has the newest report of an instance, and leaves what is none', async () => {
  const { board, heard, say } = await boardForTest();
  const instance = { id: BEAT.instanceId, capacity: { maxConcurrentRequests: 10, currentLoad: 0 } };
  expect(board.withLoad(instance)).toBe(instance);
  await say(BEAT);
  await say({ ...BEAT, run: 'broken', load: { ...BEAT.load, running: -1 } });
  await say('nonsense');
  await say({ ...BEAT, run: 'r2', load: { ...BEAT.load, running: 5 } });
  await waitFor(() => heard.length === 2);
  expect(heard).toEqual(['r1', 'r2']);
  expect(board.runOf(BEAT.instanceId)).toBe('r2');
  expect(board.silent()).toEqual([]);
  expect(board.withLoad(instance)).toEqual({
    ...instance,
    capacity: { maxConcurrentRequests: 10, currentLoad: 5 },
    load: {
      ...BEAT.load,
      running: 5,
      at: '1970-01-01T00:00:02.000Z',
      startedAt: '1970-01-01T00:00:01.000Z',
      stale: false,
    },
  });
});

it('knows who is silent, by its own interval', async () => {
  const { board, say } = await boardForTest();
  await say({ ...BEAT, intervalMs: 1 });
  await waitFor(() => board.silent().length === 1);
  expect(board.loadOf(BEAT.instanceId)).toMatchObject({ stale: true, running: 4 });
  await say(BEAT);
  await waitFor(() => board.silent().length === 0);
  expect(board.loadOf(BEAT.instanceId)).toMatchObject({ stale: false });
});
