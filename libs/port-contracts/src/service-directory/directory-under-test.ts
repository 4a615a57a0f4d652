import { newId, type ServiceInstance } from '@signalbox/contracts';
import type { ServiceDirectory } from '@signalbox/ports';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, vi } from 'vitest';

export interface ServiceDirectoryHarness {
  /** A place for an empty directory, or for one shared with other tests: names of services are unique. */
  newPlace(): Promise<string>;
  open(place: string, options: { checkIntervalMs: number; checkTimeoutMs: number }): Promise<ServiceDirectory>;
  removePlace?(place: string): Promise<void>;
}

export interface ServiceDirectoryCapabilities {
  /** Registered instances are found after close and open. */
  readonly persistent: boolean;
  /** Longest time from a change to its being found and told to watchers, milliseconds. */
  readonly settleMs: number;
  /** How often this directory can check, milliseconds: 50 where that is free to choose. */
  readonly checkIntervalMs: number;
}

/** A directory of its own for every test, with HTTP servers to be checked. */
export class DirectoryUnderTest {
  directory!: ServiceDirectory;
  private place = '';
  private prefix = '';
  private names = 0;
  private servers: Server[] = [];

  constructor(
    private readonly harness: ServiceDirectoryHarness,
    private readonly capabilities: ServiceDirectoryCapabilities,
  ) {
    beforeEach(async () => {
      this.prefix = `t${newId().toLowerCase()}`;
      this.place = await harness.newPlace();
      await this.open();
    });
    afterEach(async () => {
      await this.directory.close();
      await harness.removePlace?.(this.place);
      for (const server of this.servers.splice(0)) await stop(server);
    });
  }

  async reopen(): Promise<void> {
    await this.directory.close();
    await this.open();
  }

  /** A name of a service or an instance that no other test uses. */
  name(): string {
    return `${this.prefix}n${this.names++}`;
  }

  instance(more: Partial<ServiceInstance> = {}): ServiceInstance {
    const now = Date.now();
    return {
      id: this.name(),
      serviceName: this.name(),
      host: '127.0.0.1',
      port: 3000,
      status: 'UP',
      role: 'worker',
      capacity: { maxConcurrentRequests: 10, currentLoad: 0 },
      features: ['tools'],
      tags: ['mcp'],
      metadata: {},
      registrationTime: now,
      lastUpdateTime: now,
      ...more,
    };
  }

  /** Waits until the expectation holds. */
  eventually(expectation: () => void | Promise<void>): Promise<void> {
    return vi.waitFor(expectation, { timeout: this.capabilities.settleMs + 3_000, interval: 10 });
  }

  async ids(query: Parameters<ServiceDirectory['findServices']>[0]): Promise<string[]> {
    return (await this.directory.findServices(query)).map(({ id }) => id).sort();
  }

  /** A service whose health is what the test says: a status code, or `hang` for no answer at all. */
  async healthServer(): Promise<{
    url: string;
    health: number | 'hang';
    readonly asked: number;
    stop(): Promise<void>;
  }> {
    const state = { health: 200 as number | 'hang', asked: 0, url: '', stop: () => stop(server) };
    const server = createServer((_, response) => {
      state.asked++;
      if (state.health === 'hang') return;
      response.writeHead(state.health, { location: '/elsewhere' }).end('health');
    });
    this.servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/health/ready`;
    return state;
  }

  private async open(): Promise<void> {
    const { checkIntervalMs } = this.capabilities;
    this.directory = await this.harness.open(this.place, { checkIntervalMs, checkTimeoutMs: 300 });
  }
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
