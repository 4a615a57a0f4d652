import { describe } from 'vitest';
import type { ServiceDirectoryCapabilities, ServiceDirectoryHarness } from './directory-under-test.js';
import { healthContract } from './health-contract.js';
import { registrationContract } from './registration-contract.js';
import { watchContract } from './watch-contract.js';

export type { ServiceDirectoryCapabilities, ServiceDirectoryHarness } from './directory-under-test.js';

/**
 * The contract of `ServiceDirectory` as tests. An adapter binds it in its own spec file:
 * `serviceDirectoryContract('MyDirectory', harness, capabilities)`.
 */
export function serviceDirectoryContract(
  name: string,
  harness: ServiceDirectoryHarness,
  capabilities: ServiceDirectoryCapabilities,
): void {
  describe(`${name} as a service directory`, () => {
    registrationContract(harness, capabilities);
    healthContract(harness, capabilities);
    watchContract(harness, capabilities);
  });
}
