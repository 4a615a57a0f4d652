export { MongoConnection, type MongoConnectionOptions } from './connection.js';
export { MongoEventStore } from './event-store/mongo-event-store.js';
export type { MongoEventStoreOptions } from './event-store/options.js';
export { MongoReadModels } from './read-models/mongo-read-models.js';
export type { MongoReadModelsOptions } from './read-models/options.js';
export { MongoBlobStore } from './blobs/mongo-blob-store.js';
export { MongoInstanceLeases } from './leases/mongo-instance-leases.js';
