import { eventStoreContract, temporaryFolder } from '@signalbox/port-contracts';
import type { SqliteEventStoreOptions } from './options.js';
import { SqliteEventStore } from './sqlite-event-store.js';

const harness = (options: SqliteEventStoreOptions) => ({
  ...temporaryFolder,
  open: (place: string) => SqliteEventStore.open(`${place}/log.sqlite`, { wakeUpMs: 20, ...options }),
});
const capabilities = { persistent: true, shared: true, wakeUpMs: 20 };

eventStoreContract('SqliteEventStore', harness({}), capabilities);
eventStoreContract(
  'SqliteEventStore that indexes often and remembers little',
  harness({ maxUnindexedCommits: 7, recentBytes: 10_000 }),
  capabilities,
);
