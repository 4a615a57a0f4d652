import type { ServiceInstance } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import {
  DirectoryUnderTest,
  type ServiceDirectoryCapabilities,
  type ServiceDirectoryHarness,
} from './directory-under-test.js';

export function healthContract(harness: ServiceDirectoryHarness, capabilities: ServiceDirectoryCapabilities): void {
  describe('health checks', () => {
    const test = new DirectoryUnderTest(harness, capabilities);

    it('follow what the health check answers', async () => {
      const server = await test.healthServer();
      const instance = test.instance({ status: 'STARTING', healthCheckUrl: server.url });
      await test.directory.register(instance);
      await status(instance, 'UP');
      server.health = 503;
      await status(instance, 'DOWN');
      server.health = 204;
      await status(instance, 'UP');
    });

    it.each([302, 404, 500])('take %i for DOWN', async (code) => {
      const server = await test.healthServer();
      server.health = code;
      const instance = test.instance({ status: 'UP', healthCheckUrl: server.url });
      await test.directory.register(instance);
      await status(instance, 'DOWN');
    });

    it('take no answer in time, and no connection, for DOWN', async () => {
      const server = await test.healthServer();
      server.health = 'hang';
      const hanging = test.instance({ healthCheckUrl: server.url });
      const gone = await test.healthServer();
      await gone.stop();
      const unreachable = test.instance({ healthCheckUrl: gone.url });
      await test.directory.register(hanging);
      await test.directory.register(unreachable);
      await status(hanging, 'DOWN');
      await status(unreachable, 'DOWN');
    });

    it('leave an instance without a URL as it registered', async () => {
      const server = await test.healthServer();
      const checked = test.instance({ status: 'DOWN', healthCheckUrl: server.url });
      const unchecked = test.instance({ status: 'DOWN' });
      await test.directory.register(unchecked);
      await test.directory.register(checked);
      await status(checked, 'UP');
      await status(unchecked, 'DOWN');
    });

    it('repeat, and end with the instance', async () => {
      const server = await test.healthServer();
      const instance = test.instance({ healthCheckUrl: server.url });
      await test.directory.register(instance);
      await test.eventually(() => expect(server.asked).toBeGreaterThan(2));
      await test.directory.deregister(instance.id);
      const other = await test.healthServer();
      await test.directory.register(test.instance({ healthCheckUrl: other.url }));
      const asked = server.asked;
      await test.eventually(() => expect(other.asked).toBeGreaterThan(3));
      // one more may have been on its way
      expect(server.asked).toBeLessThanOrEqual(asked + 1);
    });

    it('go to the new URL when an instance registers with another', async () => {
      const [before, after] = [await test.healthServer(), await test.healthServer()];
      after.health = 500;
      const instance = test.instance({ healthCheckUrl: before.url });
      await test.directory.register(instance);
      await status(instance, 'UP');
      await test.directory.register({ ...instance, healthCheckUrl: after.url });
      await status(instance, 'DOWN');
    });

    function status(instance: ServiceInstance, expected: ServiceInstance['status']): Promise<void> {
      return test.eventually(async () => {
        const [found] = await test.directory.getInstances(instance.serviceName);
        expect(found?.status).toBe(expected);
      });
    }
  });
}
