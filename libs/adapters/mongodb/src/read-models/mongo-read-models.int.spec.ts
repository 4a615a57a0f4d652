import { readModelsContract } from '@signalbox/port-contracts';
import { describeWithServers, requireServer } from '@signalbox/testing';
import { databasePerTest, isFerretDb } from '../../test/database-per-test.js';
import { MongoReadModels } from './mongo-read-models.js';

const server = requireServer('MONGODB_URL');
const nestedArrayPaths = server !== undefined && !(await isFerretDb(server));

describeWithServers(['MONGODB_URL'], 'on a real server', (url) =>
  readModelsContract(
    'MongoReadModels',
    { ...databasePerTest(url), open: (place) => MongoReadModels.open(place) },
    { persistent: true, atomic: false, nestedArrayPaths },
  ),
);
