import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectContext, InjectEventStore, type ServiceContext } from '@signalbox/nest-kit';
import type { Commit, EventStore } from '@signalbox/ports';
import { decodeCommit, LogFollower } from '@signalbox/runtime';
import type { ResourceServiceConfig } from '../../config.js';
import { uriOf } from '../../documents/document-key.js';
import { McpEndpoint } from '@signalbox/mcp-endpoint';
import { InjectResourceServiceConfig } from '../../resource-config.module.js';
import { DocumentResources } from './document-resources.js';

const isDocument = (type: string): boolean => type.startsWith('resource.');

/** The service's own `/mcp`. Follows the log from its present end, so that subscribers hear of changes by any instance. */
@Injectable()
export class ResourcesMcp implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly endpoint: McpEndpoint;
  readonly #follower: LogFollower;

  constructor(
    resources: DocumentResources,
    @InjectResourceServiceConfig() config: ResourceServiceConfig,
    @InjectContext() { bind, logger }: ServiceContext,
    @InjectEventStore() store: EventStore,
  ) {
    this.endpoint = new McpEndpoint(resources, config.mcp, bind, (error) => logger?.error({ err: error }, '/mcp'));
    this.#follower = new LogFollower(store, {
      from: async () =>
        Object.fromEntries((await store.partitions()).map(({ partition, position }) => [partition, position])),
      partitions: (name) => name.startsWith('entity-'),
      onCommits: (commits) => commits.forEach((commit) => this.#notify(commit)),
      onError: (error, info) => logger?.error({ err: error, ...info }, 'reading the log for subscribers'),
    });
  }

  onApplicationBootstrap(): void {
    this.#follower.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#follower.stop();
    await this.endpoint.close();
  }

  #notify(commit: Commit): void {
    if (!commit.types.some(isDocument)) return;
    for (const event of decodeCommit(commit)) {
      if (event.type === 'resource.updated') this.endpoint.resourceUpdated(uriOf(event.data));
      else if (event.type === 'resource.created' || event.type === 'resource.deleted') {
        this.endpoint.resourceUpdated(uriOf(event.data));
        this.endpoint.resourceListChanged();
      }
    }
  }
}
