import { serviceDirectoryContract } from '@signalbox/port-contracts';
import { describeWithServers } from '@signalbox/testing';
import { ConsulApi } from '../api/consul-api.js';
import { ConsulDirectory } from './consul-directory.js';

describeWithServers(['CONSUL_URL'], 'ConsulDirectory', (url) => {
  const registered = new Set<string>();
  serviceDirectoryContract(
    'ConsulDirectory',
    {
      newPlace: async () => url!,
      open: async (_, options) => {
        const directory = new ConsulDirectory({ url: url!, ...options });
        const register = directory.register.bind(directory);
        directory.register = async (instance) => {
          await register(instance);
          registered.add(instance.id);
        };
        return directory;
      },
      removePlace: async () => {
        const api = new ConsulApi({ url: url! });
        const present = await api.agentServices();
        for (const id of registered) if (present[id]) await api.deregisterService(id);
        registered.clear();
        api.close();
      },
    },
    { persistent: true, settleMs: 3_000, checkIntervalMs: 1_000 },
  );
});
