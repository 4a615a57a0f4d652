import { exponentialBackoff } from '@signalbox/adapter-kit';
import { messageBusContract, temporaryFolder } from '@signalbox/port-contracts';
import { join } from 'node:path';
import { SqliteReadModels } from '../read-models/index.js';
import { InProcessBus, StoredDeadLetters, type InProcessBusOptions } from './index.js';

const options = (given: { backoffMs: number; publishTimeoutMs: number }): InProcessBusOptions => ({
  backoff: exponentialBackoff({ baseMs: given.backoffMs }),
  publishTimeoutMs: given.publishTimeoutMs,
  freezeBodies: true,
});

messageBusContract(
  'InProcessBus',
  { newPlace: async () => '', open: async (_place, given) => new InProcessBus(options(given)) },
  { sharedBetweenConnections: false, persistentDeadLetters: false },
);

messageBusContract(
  'InProcessBus with dead letters in SQLite',
  {
    ...temporaryFolder,
    open: async (place, given) => {
      const readModels = await SqliteReadModels.open({ file: join(place, 'read-models.db') });
      const bus = new InProcessBus({ ...options(given), deadLetters: new StoredDeadLetters(readModels) });
      const close = bus.close.bind(bus);
      bus.close = async (how) => {
        await close(how);
        await readModels.close();
      };
      return bus;
    },
  },
  { sharedBetweenConnections: false, persistentDeadLetters: true },
);
