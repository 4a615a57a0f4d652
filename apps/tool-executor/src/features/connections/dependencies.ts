import { setTimeout as delay } from 'node:timers/promises';
import { cycleText, dependencyOrder, type DependencyGraph } from '@signalbox/domain/server';
import { UpstreamClosedError } from '@signalbox/mcp';
import type { UpstreamServer } from './upstream-server.js';

const POLL_MS = 25;

/** Which servers have to run before which others, as their definitions are now. */
export class Dependencies {
  constructor(
    private readonly servers: ReadonlyMap<string, UpstreamServer>,
    private readonly waitMs: number,
  ) {}

  get graph(): DependencyGraph {
    return new Map([...this.servers.values()].map(({ name, definition }) => [name, definition.settings.dependsOn]));
  }

  /**
   * Resolves when everything that a server depends on runs.
   * @param isWanted whether anybody still waits
   * @throws UpstreamClosedError that says what is missing: a server that does not exist, or did not run in time, or a cycle
   */
  async ready(name: string, isWanted: () => boolean): Promise<void> {
    const dependsOn = this.servers.get(name)?.definition.settings.dependsOn ?? [];
    if (dependsOn.length === 0) return;
    const cycle = dependencyOrder(this.graph).cycles.find((names) => names.includes(name));
    if (cycle)
      throw new UpstreamClosedError(
        `can never be started, because servers depend on each other: ${cycleText(cycle)}`,
        false,
      );
    for (const end = performance.now() + this.waitMs; ; await delay(POLL_MS)) {
      const missing = dependsOn.filter((other) => !this.servers.get(other)?.supervisor.isUp);
      if (missing.length === 0) return;
      const [unknown] = missing.filter((other) => !this.servers.has(other));
      if (unknown !== undefined) throw new UpstreamClosedError(`depends on "${unknown}", which does not exist`, false);
      if (!isWanted()) throw new UpstreamClosedError('is not wanted any more', false);
      if (performance.now() >= end) {
        const states = missing.map((other) => `"${other}", which is ${this.servers.get(other)?.supervisor.state}`);
        throw new UpstreamClosedError(`depends on ${states.join(' and ')}`, false);
      }
    }
  }
}
