import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { ServiceInstance } from '@signalbox/contracts';
import { InjectDirectory, ProblemException } from '@signalbox/nest-kit';
import type { ServiceDirectory } from '@signalbox/ports';
import { formatSse } from '@signalbox/mcp';
import type { ServerResponse } from 'node:http';
import type { RegistryConfig } from '../../config.js';
import { InjectRegistryConfig } from '../../registry-config.module.js';

/** Event streams that tell the instances of one service, each time all of them. */
@Injectable()
export class ServiceWatchers implements BeforeApplicationShutdown {
  readonly #ends = new Set<() => void>();
  #stopping = false;

  constructor(
    @InjectDirectory() private readonly directory: ServiceDirectory,
    @InjectRegistryConfig() private readonly config: RegistryConfig,
  ) {}

  /** @throws ProblemException 503 when there are too many watchers, or the service is stopping */
  assertRoom(): void {
    const { maxWatchers } = this.config.watch;
    const detail = this.#stopping ? 'the service is stopping' : `at most ${maxWatchers} watchers at a time`;
    if (this.#stopping || this.#ends.size >= maxWatchers) {
      throw new ProblemException(503, 'Service Unavailable', { detail, retryable: true });
    }
  }

  /**
   * Writes the present instances and then each change until the client goes or the service stops. A client that reads
   * slowly misses states in between, never the newest one.
   */
  open(serviceName: string, response: ServerResponse): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    let newest: readonly ServiceInstance[] | undefined;
    let sequence = 0;
    const write = () => {
      if (newest === undefined || response.writableNeedDrain || response.writableEnded) return;
      const data = JSON.stringify({ serviceName, instances: newest });
      newest = undefined;
      response.write(formatSse({ event: 'instances', id: String(++sequence), data }));
    };
    response.on('drain', write);
    const unwatch = this.directory.watchService(serviceName, (instances) => {
      newest = instances;
      write();
    });
    let stalled = false;
    const keepAlive = setInterval(() => {
      // who has read nothing for a whole interval is gone
      if (response.writableNeedDrain && stalled) response.destroy();
      stalled = response.writableNeedDrain;
      if (!stalled) response.write(': keep-alive\n\n');
    }, this.config.watch.keepAliveMs);
    keepAlive.unref();
    const end = () => {
      if (!this.#ends.delete(end)) return;
      clearInterval(keepAlive);
      unwatch();
      response.end();
    };
    this.#ends.add(end);
    response.once('close', end);
  }

  beforeApplicationShutdown(): void {
    this.#stopping = true;
    for (const end of [...this.#ends]) end();
  }
}
