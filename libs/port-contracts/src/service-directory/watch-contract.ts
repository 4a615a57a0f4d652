import type { ServiceInstance } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import {
  DirectoryUnderTest,
  type ServiceDirectoryCapabilities,
  type ServiceDirectoryHarness,
} from './directory-under-test.js';

export function watchContract(harness: ServiceDirectoryHarness, capabilities: ServiceDirectoryCapabilities): void {
  describe('watches', () => {
    const test = new DirectoryUnderTest(harness, capabilities);

    it('tell the present instances at once, none included', async () => {
      const instance = test.instance();
      await test.directory.register(instance);
      const present = watch(instance.serviceName);
      const absent = watch(test.name());
      await test.eventually(() => {
        expect(present.last()?.map(({ id }) => id)).toEqual([instance.id]);
        expect(absent.last()).toEqual([]);
      });
    });

    it('tell the whole list after each change', async () => {
      const serviceName = test.name();
      const { last } = watch(serviceName);
      const summary = () =>
        last()
          ?.map(({ id, status }) => `${id} ${status}`)
          .sort();
      await test.eventually(() => expect(summary()).toEqual([]));
      const [a, b] = [test.instance({ serviceName }), test.instance({ serviceName })];
      await test.directory.register(a);
      await test.eventually(() => expect(summary()).toEqual([`${a.id} UP`]));
      await test.directory.register(b);
      await test.eventually(() => expect(summary()).toEqual([`${a.id} UP`, `${b.id} UP`].sort()));
      await test.directory.register({ ...a, status: 'OUT_OF_SERVICE' });
      await test.eventually(() => expect(summary()).toEqual([`${a.id} OUT_OF_SERVICE`, `${b.id} UP`].sort()));
      await test.directory.deregister(b.id);
      await test.eventually(() => expect(summary()).toEqual([`${a.id} OUT_OF_SERVICE`]));
      await test.directory.register({ ...a, serviceName: test.name() });
      await test.eventually(() => expect(summary()).toEqual([]));
    });

    it('tell what health checks find', async () => {
      const server = await test.healthServer();
      const instance = test.instance({ healthCheckUrl: server.url });
      const { last } = watch(instance.serviceName);
      await test.directory.register(instance);
      await test.eventually(() => expect(last()?.[0]?.status).toBe('UP'));
      server.health = 500;
      await test.eventually(() => expect(last()?.[0]?.status).toBe('DOWN'));
    });

    it('tell nothing of other services, and nothing after they ended', async () => {
      const [serviceName, other] = [test.name(), test.name()];
      const ended = watch(serviceName);
      const lasting = watch(serviceName);
      await test.eventually(() => expect([ended.calls.length, lasting.calls.length]).not.toContain(0));
      ended.end();
      ended.end();
      const heard = ended.calls.length;
      await test.directory.register(test.instance({ serviceName: other }));
      await test.directory.register(test.instance({ serviceName }));
      await test.eventually(() => expect(lasting.last()).toHaveLength(1));
      expect(ended.calls).toHaveLength(heard);
      expect(lasting.calls.flat().every((instance) => instance.serviceName === serviceName)).toBe(true);
    });

    it('go on when a listener throws', async () => {
      const serviceName = test.name();
      test.directory.watchService(serviceName, () => {
        throw new Error('broken listener');
      });
      const { last } = watch(serviceName);
      await test.directory.register(test.instance({ serviceName }));
      await test.eventually(() => expect(last()).toHaveLength(1));
    });

    function watch(serviceName: string) {
      const calls: ServiceInstance[][] = [];
      const end = test.directory.watchService(serviceName, (instances) => calls.push(instances));
      return { calls, end, last: () => calls.at(-1) };
    }
  });
}
