import { readModelsContract, temporaryFolder } from '@signalbox/port-contracts';
import { join } from 'node:path';
import { SqliteReadModels } from './index.js';

readModelsContract(
  'SqliteReadModels',
  { ...temporaryFolder, open: (place) => SqliteReadModels.open({ file: join(place, 'read-models.db') }) },
  { persistent: true, atomic: true },
);
readModelsContract(
  'SqliteReadModels in memory',
  { newPlace: async () => '', open: () => SqliteReadModels.open({ file: ':memory:' }) },
  { persistent: false, atomic: true },
);
