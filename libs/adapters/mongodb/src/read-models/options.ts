import type { MongoConnectionOptions } from '../connection.js';

/** As for the log, but an answer may take longer: `socketTimeoutMs` is 5000 unless given. */
export type MongoReadModelsOptions = MongoConnectionOptions;
