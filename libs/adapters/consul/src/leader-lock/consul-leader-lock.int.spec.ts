import { newId } from '@signalbox/contracts';
import { leaderLockContract } from '@signalbox/port-contracts';
import { describeWithServers } from '@signalbox/testing';
import { ConsulApi } from '../api/consul-api.js';
import { ConsulLeaderLock } from './consul-leader-lock.js';

describeWithServers(['CONSUL_URL'], 'ConsulLeaderLock', (url) => {
  const consul = (): ConsulApi => new ConsulApi({ url: url! });
  leaderLockContract(
    'ConsulLeaderLock',
    {
      newPlace: async () => `signalbox-test/${newId()}`,
      open: async (prefix) => new ConsulLeaderLock({ url: url!, prefix }),
      loseLeader: async (prefix, name) => {
        const { value } = await consul().getKey(`${prefix}/${name}`);
        await consul().destroySession(value!.Session!);
      },
      removePlace: (prefix) => consul().deleteKeys(prefix),
    },
    { sharedBetweenLocks: true, takeoverMs: 3_000 },
  );
});
