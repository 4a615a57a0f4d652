import { byNameAndId } from '@signalbox/adapter-kit';
import type { ServiceInstance } from '@signalbox/contracts';
import type { HealthEntry } from '../api/answers.js';
import { toInstance } from './instance-codec.js';

/** The MCP servers among what Consul knows of a service, in the order of their ids. */
export function instancesOf(entries: readonly HealthEntry[]): ServiceInstance[] {
  return entries
    .map(toInstance)
    .filter((instance) => instance !== undefined)
    .sort(byNameAndId);
}
