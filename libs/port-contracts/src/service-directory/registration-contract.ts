import { describe, expect, it } from 'vitest';
import {
  DirectoryUnderTest,
  type ServiceDirectoryCapabilities,
  type ServiceDirectoryHarness,
} from './directory-under-test.js';

export function registrationContract(
  harness: ServiceDirectoryHarness,
  capabilities: ServiceDirectoryCapabilities,
): void {
  describe('registration and discovery', () => {
    const test = new DirectoryUnderTest(harness, capabilities);

    it('knows nothing of a service that never registered', async () => {
      expect(await test.directory.getInstances(test.name())).toEqual([]);
      expect(await test.directory.deregister(test.name())).toBe(false);
    });

    it('finds an instance with everything it registered with', async () => {
      const instance = test.instance({
        role: 'specialized',
        features: ['tools', 'prompts'],
        tags: ['mcp', 'gpu'],
        metadata: { region: 'eu', version: '1.2.3' },
        capacity: { maxConcurrentRequests: 7, currentLoad: 2 },
      });
      await test.directory.register(instance);
      await test.eventually(async () => {
        const [found] = await test.directory.getInstances(instance.serviceName);
        expect(found).toEqual({ ...instance, lastUpdateTime: expect.any(Number) as number });
      });
    });

    it('replaces an instance that registers again, and keeps when it first did', async () => {
      const first = test.instance({ registrationTime: 1_700_000_000_000, tags: ['old'] });
      await test.directory.register(first);
      await test.directory.register({ ...first, port: 4000, tags: ['new'], registrationTime: Date.now() });
      await test.eventually(async () => {
        expect(await test.directory.getInstances(first.serviceName)).toMatchObject([
          { id: first.id, port: 4000, tags: ['new'], registrationTime: 1_700_000_000_000 },
        ]);
      });
      expect(await test.ids({ serviceName: first.serviceName, tags: ['old'] })).toEqual([]);
    });

    it('finds an instance under its new service name only', async () => {
      const first = test.instance();
      await test.directory.register(first);
      const second = { ...first, serviceName: test.name() };
      await test.directory.register(second);
      await test.eventually(async () => {
        expect(await test.directory.getInstances(first.serviceName)).toEqual([]);
        expect(await test.directory.getInstances(second.serviceName)).toHaveLength(1);
      });
    });

    it('lists all instances of a service, whatever their status', async () => {
      const serviceName = test.name();
      const instances = (['STARTING', 'UP', 'DOWN', 'OUT_OF_SERVICE'] as const).map((status) =>
        test.instance({ serviceName, status }),
      );
      for (const instance of instances) await test.directory.register(instance);
      await test.eventually(async () => {
        const found = await test.directory.getInstances(serviceName);
        expect(found.map(({ id, status }) => [id, status]).sort()).toEqual(
          instances.map(({ id, status }) => [id, status]).sort(),
        );
      });
    });

    it('forgets an instance that deregistered, once', async () => {
      const instance = test.instance();
      await test.directory.register(instance);
      expect(await test.directory.deregister(instance.id, 'going home')).toBe(true);
      await test.eventually(async () => expect(await test.directory.getInstances(instance.serviceName)).toEqual([]));
      expect(await test.directory.deregister(instance.id)).toBe(false);
    });

    it('takes an instance back that had deregistered', async () => {
      const instance = test.instance();
      for (let i = 0; i < 3; i++) {
        await test.directory.register(instance);
        expect(await test.directory.deregister(instance.id)).toBe(true);
      }
      await test.directory.register({ ...instance, port: 4001 });
      await test.eventually(async () =>
        expect(await test.directory.getInstances(instance.serviceName)).toMatchObject([{ port: 4001 }]),
      );
    });

    it('finds instances by every criterion, and by all of them together', async () => {
      const [web, store] = [test.name(), test.name()];
      const tag = test.name();
      const a = test.instance({
        id: `${web}a`,
        serviceName: web,
        role: 'master',
        tags: [tag, 'x'],
        metadata: { zone: '1' },
      });
      const b = test.instance({
        id: `${web}b`,
        serviceName: web,
        status: 'DOWN',
        tags: [tag, 'x', 'y'],
        metadata: { zone: '2' },
      });
      const c = test.instance({
        id: `${web}c`,
        serviceName: store,
        tags: [tag, 'y'],
        metadata: { zone: '1', disk: 'ssd' },
      });
      for (const instance of [a, b, c]) await test.directory.register(instance);
      const expected = [
        [{ tags: [tag] }, [a, b, c]],
        [{ serviceName: web }, [a, b]],
        [{ tags: [tag], status: 'UP' }, [a, c]],
        [{ tags: [tag], role: 'master' }, [a]],
        [{ tags: [tag, 'x'] }, [a, b]],
        [{ tags: ['y', tag, 'x'] }, [b]],
        [{ tags: [tag], metadata: { zone: '1' } }, [a, c]],
        [{ tags: [tag], metadata: { zone: '1', disk: 'ssd' } }, [c]],
        [{ tags: [tag], metadata: { constructor: 'x' } }, []],
        [{ serviceName: web, status: 'DOWN', role: 'worker', tags: ['y'], metadata: { zone: '2' } }, [b]],
        [{ serviceName: web, status: 'DOWN', role: 'worker', tags: ['y'], metadata: { zone: '1' } }, []],
        [{ tags: [tag, test.name()] }, []],
      ] as const;
      await test.eventually(async () => {
        for (const [query, instances] of expected) {
          expect(await test.ids(query), JSON.stringify(query)).toEqual(instances.map(({ id }) => id));
        }
        expect(await test.ids({})).toEqual(expect.arrayContaining([a.id, b.id, c.id]));
      });
    });

    it.each([
      [{ port: 0 }, /port/],
      [{ id: '' }, /id/],
      [{ status: 'SLEEPING' as 'UP' }, /status/],
      [{ healthCheckUrl: 'file:///etc/passwd' }, /healthCheckUrl/],
    ])('refuses an instance with %j', async (wrong, reason) => {
      await expect(test.directory.register(test.instance(wrong))).rejects.toThrow(reason);
    });

    it('is not changed by what a caller does to an instance', async () => {
      const instance = test.instance({ tags: ['mcp'] });
      const given = structuredClone(instance);
      await test.directory.register(given);
      try {
        given.tags.push('changed');
        (await test.directory.getInstances(instance.serviceName))[0]!.tags.push('changed');
      } catch {
        // what cannot be changed is as good
      }
      await test.eventually(async () =>
        expect(await test.directory.getInstances(instance.serviceName)).toMatchObject([{ tags: ['mcp'] }]),
      );
    });

    if (capabilities.persistent)
      it('finds its instances again after a restart', async () => {
        const [kept, gone] = [test.instance({ metadata: { a: 'b' } }), test.instance()];
        await test.directory.register(kept);
        await test.directory.register(gone);
        await test.directory.deregister(gone.id);
        await test.directory.register({ ...kept, status: 'OUT_OF_SERVICE' });
        await test.reopen();
        expect(await test.directory.getInstances(gone.serviceName)).toEqual([]);
        const { lastUpdateTime: _, ...lasting } = kept;
        expect(await test.directory.getInstances(kept.serviceName)).toMatchObject([
          { ...lasting, status: 'OUT_OF_SERVICE' },
        ]);
        await test.directory.register({ ...kept, port: 4002, registrationTime: 1 });
        expect(await test.directory.deregister(kept.id)).toBe(true);
        await test.reopen();
        expect(await test.directory.getInstances(kept.serviceName)).toEqual([]);
      });

    it('answers pings until it is closed', async () => {
      await expect(test.directory.ping()).resolves.toBeUndefined();
      await test.directory.close();
      await expect(test.directory.ping()).rejects.toThrow(/closed/);
      await test.directory.close();
    });
  });
}
