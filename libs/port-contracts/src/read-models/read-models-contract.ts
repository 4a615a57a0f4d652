import { describe } from 'vitest';
import { commitContract } from './commit-contract.js';
import { filterContract } from './filter-contract.js';
import { filterOracleContract } from './filter-oracle-contract.js';
import type { ReadModelsCapabilities, ReadModelsHarness } from './models-under-test.js';
import { queryContract } from './query-contract.js';
import { rebuildContract } from './rebuild-contract.js';

export type { ReadModelsCapabilities, ReadModelsHarness } from './models-under-test.js';

/**
 * The contract of `ReadModels` as tests. An adapter binds it in its own spec file:
 * `readModelsContract('MyReadModels', harness, capabilities)`.
 */
export function readModelsContract(
  name: string,
  harness: ReadModelsHarness,
  capabilities: ReadModelsCapabilities,
): void {
  describe(`${name} as read models`, () => {
    commitContract(harness, capabilities);
    filterContract(harness, capabilities);
    filterOracleContract(harness);
    queryContract(harness);
    rebuildContract(harness, capabilities);
  });
}
