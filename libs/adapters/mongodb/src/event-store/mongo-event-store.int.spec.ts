import { eventStoreContract } from '@signalbox/port-contracts';
import { describeWithServers } from '@signalbox/testing';
import { databasePerTest } from '../../test/database-per-test.js';
import { MongoEventStore } from './mongo-event-store.js';

/** How soon an outage shows is for `mongo-event-store.chaos.spec.ts`; here a busy machine is none. */
const PATIENT = {
  serverSelectionTimeoutMs: 10_000,
  connectTimeoutMs: 10_000,
  socketTimeoutMs: 20_000,
  waitQueueTimeoutMs: 20_000,
  appendTimeoutMs: 20_000,
} as const;

describeWithServers(['MONGODB_URL'], 'on a real server', (url) =>
  eventStoreContract(
    'MongoEventStore',
    { ...databasePerTest(url), open: (place) => MongoEventStore.open(place, { wakeUpMs: 20, ...PATIENT }) },
    { persistent: true, shared: true, wakeUpMs: 20 },
  ),
);
