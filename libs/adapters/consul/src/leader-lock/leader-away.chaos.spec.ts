import { newId } from '@signalbox/contracts';
import { describeWithServers, ToxicWay } from '@signalbox/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ConsulApi } from '../api/consul-api.js';
import { ConsulLeaderLock } from './consul-leader-lock.js';

describeWithServers(['CONSUL_URL', 'TOXIPROXY_URL'], 'A leader that cannot reach Consul', (consul, toxiproxy) => {
  const prefix = `signalbox-test/${newId()}`;
  let way: ToxicWay;
  let far: ConsulLeaderLock;
  let near: ConsulLeaderLock;
  beforeEach(async () => {
    way = await ToxicWay.to(toxiproxy!, consul!);
    far = new ConsulLeaderLock({ url: way.through(consul!), prefix, requestTimeoutMs: 1_000, maxBackoffMs: 500 });
    near = new ConsulLeaderLock({ url: consul!, prefix });
  });
  afterEach(async () => {
    await far.close();
    await near.close();
    await way.close();
    await new ConsulApi({ url: consul! }).deleteKeys(prefix);
  });

  it.each(['cut', 'swallow'] as const)(
    'is deposed before the next is elected, and follows that one later: %s',
    async (how) => {
      const told: string[] = [];
      const listener = (name: string) => ({
        elected: () => void told.push(`${name} elected`),
        deposed: (reason: string) => void told.push(`${name} deposed: ${reason}`),
      });
      far.campaign(how, 'far', listener('far'));
      await vi.waitFor(() => expect(told).toEqual(['far elected']), { timeout: 5_000 });
      const next = near.campaign(how, 'near', listener('near'));
      await way[how]();
      await vi.waitFor(() => expect(told).toContain('near elected'), { timeout: 40_000, interval: 20 });
      expect(told).toEqual(['far elected', 'far deposed: its session was not renewed for 4800 ms', 'near elected']);
      expect(await near.leader(how)).toBe('near');
      await way.restore();
      // one round of campaigning while another leads
      await vi.waitFor(async () => expect(await far.leader(how)).toBe('near'), { timeout: 10_000 });
      expect(told).toHaveLength(3);
      await next.resign();
      await vi.waitFor(() => expect(told.at(-1)).toBe('far elected'), { timeout: 20_000 });
    },
  );
});
