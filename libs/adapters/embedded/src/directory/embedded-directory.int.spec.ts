import type { RecordedEvent, ServiceInstance } from '@signalbox/contracts';
import { serviceDirectoryContract, temporaryFolder } from '@signalbox/port-contracts';
import { StoreUnavailableError, type AppendRequest, type EventStore } from '@signalbox/ports';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SqliteEventStore } from '../event-store/sqlite-event-store.js';
import { EmbeddedDirectory } from './index.js';

serviceDirectoryContract(
  'EmbeddedDirectory',
  {
    ...temporaryFolder,
    open: async (place, options) => {
      const store = await SqliteEventStore.open(join(place, 'events.db'));
      const directory = await EmbeddedDirectory.open(store, { ...options, firstCheckMs: 10 });
      const close = directory.close.bind(directory);
      directory.close = async () => {
        await close();
        await store.close();
      };
      return directory;
    },
  },
  { persistent: true, settleMs: 100, checkIntervalMs: 50 },
);

const instance: ServiceInstance = {
  id: 'gateway-1',
  serviceName: 'gateway',
  host: '127.0.0.1',
  port: 3000,
  status: 'UP',
  role: 'worker',
  capacity: { maxConcurrentRequests: 10, currentLoad: 0 },
  features: [],
  tags: ['mcp'],
  metadata: { a: '1', b: '2' },
  registrationTime: 1,
  lastUpdateTime: 1,
};

describe('EmbeddedDirectory and the log', () => {
  let store: EventStore;
  let directory: EmbeddedDirectory;
  /** Makes the next appends fail; with `lost`, after they were stored. */
  let away: { lost: boolean } | undefined;
  beforeEach(async () => {
    away = undefined;
    const real = await SqliteEventStore.open(':memory:');
    store = Object.create(real, {
      append: {
        value: async (request: AppendRequest) => {
          if (!away) return real.append(request);
          if (away.lost) await real.append(request);
          throw new StoreUnavailableError('the store is away');
        },
      },
      find: { value: real.find.bind(real) },
      readStream: { value: real.readStream.bind(real) },
      close: { value: real.close.bind(real) },
    }) as EventStore;
    directory = await EmbeddedDirectory.open(store, { maxInstances: 3, journalRetryMs: 10 });
  });
  afterEach(async () => {
    await directory.close();
    await store.close();
  });

  const events = (id = instance.id): Promise<RecordedEvent[]> => store.readStream(`service-${id}`);
  const types = async (id?: string): Promise<string[]> => (await events(id)).map(({ type }) => type);

  it('writes an event for each change, and who made it', async () => {
    await directory.register(instance);
    await directory.register({ ...instance, status: 'OUT_OF_SERVICE' });
    await directory.register({ ...instance, status: 'OUT_OF_SERVICE', port: 4000 });
    await directory.deregister(instance.id, 'SIGTERM');
    expect((await events()).map(({ type, actor, data }) => ({ type, actor, data }))).toMatchObject([
      { type: 'service.registered', actor: 'gateway-1', data: { instance: { port: 3000, status: 'UP' } } },
      {
        type: 'service.status_changed',
        actor: 'directory',
        data: { instanceId: 'gateway-1', serviceName: 'gateway', from: 'UP', to: 'OUT_OF_SERVICE' },
      },
      { type: 'service.registered', data: { instance: { port: 4000, registrationTime: 1 } } },
      { type: 'service.deregistered', actor: 'gateway-1', data: { instanceId: 'gateway-1', reason: 'SIGTERM' } },
    ]);
  });

  it('writes nothing for load, heartbeats and the order of metadata', async () => {
    await directory.register(instance);
    const capacity = { maxConcurrentRequests: 10, currentLoad: 5 };
    await directory.register({ ...instance, capacity, lastUpdateTime: 99, metadata: { b: '2', a: '1' } });
    expect(await types()).toEqual(['service.registered']);
    expect(await directory.getInstances('gateway')).toMatchObject([{ capacity: { currentLoad: 5 } }]);
  });

  it('goes on in memory while the store is away, and writes what came of it afterwards', async () => {
    away = { lost: false };
    await directory.register(instance);
    await directory.register({ ...instance, port: 4000 });
    await directory.register({ ...instance, id: 'gateway-2' });
    await directory.deregister('gateway-2');
    expect(await directory.getInstances('gateway')).toMatchObject([{ id: 'gateway-1', port: 4000 }]);
    expect(await types()).toEqual([]);
    away = undefined;
    await vi.waitFor(async () => expect((await events()).at(-1)?.data).toMatchObject({ instance: { port: 4000 } }));
    await vi.waitFor(async () => expect((await types('gateway-2')).at(-1)).toBe('service.deregistered'));
  });

  it('writes an event once whose first append was stored without an answer', async () => {
    away = { lost: true };
    await directory.register(instance);
    away = undefined;
    await directory.register({ ...instance, status: 'DOWN' });
    await vi.waitFor(async () => expect(await types()).toEqual(['service.registered', 'service.status_changed']));
  });

  it('writes the changes of concurrent callers in order', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => directory.register({ ...instance, port: 4000 + i })));
    expect((await events()).at(-1)!.data).toMatchObject({ instance: { port: 4019 } });
  });

  it('refuses more instances than it may hold, not those it knows', async () => {
    for (const id of ['a', 'b', 'c']) await directory.register({ ...instance, id });
    await expect(directory.register({ ...instance, id: 'd' })).rejects.toThrow(/3 instances/);
    await directory.register({ ...instance, id: 'a', port: 1 });
    await directory.deregister('b');
    await directory.register({ ...instance, id: 'd' });
  });
});
