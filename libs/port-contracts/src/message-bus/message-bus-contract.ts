import { describe } from 'vitest';
import type { MessageBusCapabilities, MessageBusHarness } from './bus-under-test.js';
import { lifecycleContract } from './lifecycle-contract.js';
import { requestContract } from './request-contract.js';
import { settlementContract } from './settlement-contract.js';
import { topicsContract } from './topics-contract.js';
import { workContract } from './work-contract.js';

export type { MessageBusCapabilities, MessageBusHarness } from './bus-under-test.js';

/**
 * The contract of `MessageBus` as tests. An adapter binds it in its own spec file:
 * `messageBusContract('MyBus', harness, capabilities)`.
 */
export function messageBusContract(
  name: string,
  harness: MessageBusHarness,
  capabilities: MessageBusCapabilities,
): void {
  describe(`${name} as a message bus`, () => {
    topicsContract(harness);
    workContract(harness, capabilities);
    settlementContract(harness, capabilities);
    requestContract(harness, capabilities);
    lifecycleContract(harness, capabilities);
  });
}
