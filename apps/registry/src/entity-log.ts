import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { RecordedEvent } from '@signalbox/contracts';
import { InjectContext, InjectEventStore, ReadinessProbe, type ServiceContext } from '@signalbox/nest-kit';
import type { Commit, EventStore } from '@signalbox/ports';
import { decodeCommit, LogFollower } from '@signalbox/runtime';

const KINDS = ['server.', 'peer.', 'service.', 'catalogue.', 'tool.definition.', 'instance.', 'notification.'];

/** The one reader of the log in this service: hands what concerns servers, services, instances and notifications to whoever asked, from the first event on. */
@Injectable()
export class EntityLog implements BeforeApplicationShutdown {
  readonly #listeners: Array<(event: RecordedEvent) => void> = [];
  readonly #follower: LogFollower;
  #started = false;

  constructor(
    @InjectEventStore() store: EventStore,
    @InjectContext() { logger }: ServiceContext,
    readiness: ReadinessProbe,
  ) {
    this.#follower = new LogFollower(store, {
      from: {},
      partitions: (name) => name.startsWith('entity-'),
      onCommits: (commits) => commits.forEach((commit) => this.#handOut(commit)),
      onError: (error, info) => logger?.error({ err: error, ...info }, 'reading the log'),
    });
    readiness.add('log reader', async () => {
      if (this.#follower.state === 'failed') throw new Error(this.#follower.error);
    });
  }

  /** To be called before {@link start}: what was handed out already is not repeated. */
  onEvent(listener: (event: RecordedEvent) => void): void {
    this.#listeners.push(listener);
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#follower.start();
  }

  /** Resolves when everything that is in the log now was handed out. */
  caughtUp(): Promise<void> {
    return this.#follower.caughtUp();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#follower.stop();
  }

  #handOut(commit: Commit): void {
    // most commits of the entity partitions are documents: their bodies need not be parsed
    if (!commit.types.some((type) => KINDS.some((kind) => type.startsWith(kind)))) return;
    for (const event of decodeCommit(commit)) for (const listener of this.#listeners) listener(event);
  }
}
