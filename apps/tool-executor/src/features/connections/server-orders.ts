import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { isDefinedInLog, type RecordedEvent, type UpstreamDefinition } from '@signalbox/contracts';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { Commit } from '@signalbox/ports';
import { decodeCommit, LogFollower } from '@signalbox/runtime';
import type { ExecutorConfig } from '../../config.js';
import { InjectExecutorConfig } from '../../executor-config.module.js';
import { definitionFromLog } from './definition-from-log.js';
import { RUNNING, Target } from './target.js';
import { UpstreamServers } from './upstream-servers.js';

const TYPES = new Set([
  'server.registered',
  'server.removed',
  'server.commanded',
  'server.redirected',
  'server.redirect_ended',
]);

/**
 * Follows what operators have decided about servers, by the log: definitions made by the API or found by discovery, and commands. What was
 * decided before this executor started holds for it too, so that it starts no server before it has read that.
 */
@Injectable()
export class ServerOrders implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #follower: LogFollower;
  /** What the log defines; only read before {@link #begun}. */
  readonly #defined = new Map<string, UpstreamDefinition>();
  #begun = false;

  constructor(
    @InjectContext() private readonly context: ServiceContext,
    @InjectExecutorConfig() private readonly config: ExecutorConfig,
    private readonly servers: UpstreamServers,
  ) {
    this.#follower = new LogFollower(context.ports.events, {
      from: {},
      partitions: (name) => name.startsWith('entity-'),
      onCommits: (commits) => this.#take(commits),
      onError: (error, { fatal }) => context.logger?.[fatal ? 'fatal' : 'warn']({ err: error }, 'orders for servers'),
    });
  }

  /** Does not wait for the log: the service answers while it is read. */
  onApplicationBootstrap(): void {
    this.#follower.start();
    this.#follower.caughtUp().then(
      () => this.#begin(),
      () => undefined,
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#follower.stop();
  }

  #begin(): void {
    this.#begun = true;
    for (const definition of this.#defined.values()) this.#add(definition);
    this.#defined.clear();
    this.servers.begin();
  }

  #take(commits: readonly Commit[]): void {
    for (const commit of commits) {
      if (!commit.types.some((type) => TYPES.has(type))) continue;
      const events = decodeCommit(commit);
      // one that is quarantined as it comes must not be started in between
      for (const { type, data } of events) {
        if (type === 'server.commanded' && data.command === 'quarantine') {
          this.servers.setTarget(data.server, targetOf(data)!);
        }
      }
      for (const event of events) this.#apply(event);
    }
  }

  #apply(event: RecordedEvent): void {
    switch (event.type) {
      case 'server.registered':
        return this.#registered(event);
      case 'server.removed':
        return this.#removed(event);
      case 'server.commanded':
        return this.#commanded(event);
      case 'server.redirected':
        return this.servers.redirect(event.data.server, event.data.to);
      case 'server.redirect_ended':
        return this.servers.redirect(event.data.server, undefined);
    }
  }

  #registered({ data }: RecordedEvent<'server.registered'>): void {
    const { server, definition, source } = data;
    // what comes from a configuration, this executor reads there
    if (!isDefinedInLog(source)) return void this.#defined.delete(server);
    try {
      const parsed = definitionFromLog(server, definition, source, this.context.config);
      if (this.#begun) this.#add(parsed);
      else this.#defined.set(server, parsed);
    } catch (error) {
      this.context.logger?.error({ err: error, server }, 'a definition of the log cannot be used here');
    }
  }

  #removed({ data: { server, who } }: RecordedEvent<'server.removed'>): void {
    this.servers.setTarget(server, RUNNING);
    this.servers.redirect(server, undefined);
    if (!this.#begun) return void this.#defined.delete(server);
    if (this.servers.isConfigured(server)) return;
    const reason = `was removed${who === undefined ? '' : ` by ${who}`}`;
    this.#watch(server, this.servers.remove(server, reason, this.config.lifecycle.removedMs));
  }

  #commanded({ data }: RecordedEvent<'server.commanded'>): void {
    const { server, command } = data;
    const target = targetOf(data);
    if (!this.#begun) return target && this.servers.setTarget(server, target);
    if (command === 'restart') return this.#watch(server, this.servers.restart(server));
    if (target!.state === 'running') return this.#watch(server, this.servers.start(server));
    this.#watch(server, this.servers.halt(server, target!, command === 'drain'));
  }

  #add(definition: UpstreamDefinition): void {
    if (!this.servers.isConfigured(definition.name)) this.#watch(definition.name, this.servers.add(definition));
  }

  #watch(server: string, work: Promise<void>): void {
    work.catch((error: unknown) => this.context.logger?.error({ err: error, server }, 'an order was not carried out'));
  }
}

/** What a command wants of the server from now on; nothing new when it is restarted. */
function targetOf({ command, who, why }: RecordedEvent<'server.commanded'>['data']): Target | undefined {
  const by = `by ${who}${why === undefined ? '' : `: ${why}`}`;
  switch (command) {
    case 'start':
    case 'approve':
      return RUNNING;
    case 'quarantine':
      return new Target('quarantined', `is quarantined ${by}`);
    case 'stop':
    case 'drain':
      return new Target('stopped', `was stopped ${by}`);
    case 'restart':
      return undefined;
  }
}
