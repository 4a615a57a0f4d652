import { eventStoreContract } from '@signalbox/port-contracts';
import { describeWithServers } from '@signalbox/testing';
import { databasePerTest } from '../../test/database-per-test.js';
import { MongoEventStore } from './mongo-event-store.js';

describeWithServers(['MONGODB_URL'], 'on a real server', (url) =>
  eventStoreContract(
    'MongoEventStore',
    { ...databasePerTest(url), open: (place) => MongoEventStore.open(place, { wakeUpMs: 20 }) },
    { persistent: true, shared: true, wakeUpMs: 20 },
  ),
);
