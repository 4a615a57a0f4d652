import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { InstanceSpec, UpstreamDefinition } from '@signalbox/contracts';
import { dependencyOrder, dependantsOf } from '@signalbox/domain/server';
import { InjectContext, InjectEventLog, type ServiceContext } from '@signalbox/nest-kit';
import { Redactor, SuiteIdentity, type EventLog } from '@signalbox/runtime';
import type { ExecutorConfig } from '../../config.js';
import { InjectExecutorConfig } from '../../executor-config.module.js';
import { InstanceLog } from '../balancing/instance-log.js';
import { FoundInstances } from '../balancing/found-instances.js';
import { Dependencies } from './dependencies.js';
import { peerLinkOf } from '../peers/peer-link.js';
import { Authorizers } from './authorizers.js';
import { definitionChange, differences, type ServerChanges } from './definition-change.js';
import { forEachBounded } from './for-each-bounded.js';
import { KeyedTurns } from './keyed-turns.js';
import { locateTarget } from './locate-target.js';
import { ServerClosedError } from './server-closed-error.js';
import { ServerLog } from './server-log.js';
import { ServerOutputs } from './server-outputs.js';
import { SessionPushes } from './session-pushes.js';
import type { StopNews } from './supervisor.js';
import { RUNNING, type Target } from './target.js';
import { UpstreamServer } from './upstream-server.js';

/** Hears of servers that come and go, before they take calls and when they take no more. */
export interface ServersListener {
  added(name: string): Promise<void>;
  removed(name: string): Promise<void>;
}

/**
 * All upstream servers of this executor. Each is started, kept and stopped by itself: one that is dead, changed or removed
 * leaves the connections of the others as they are. What concerns one server is done in the order in which it was asked for.
 */
@Injectable()
export class UpstreamServers implements OnApplicationShutdown {
  readonly #servers = new Map<string, UpstreamServer>();
  /** What the operators want of a server; of those that are not here, that they run. */
  readonly #targets = new Map<string, Target>();
  /** Names that the configuration has; the others come from the log. */
  readonly #configured = new Set<string>();
  /** No longer here, and not ended yet: calls still run on them. */
  readonly #leaving = new Set<UpstreamServer>();
  readonly #turns = new KeyedTurns();
  /** Ends the time for which a removed server still refuses calls. */
  readonly #refusing = new Map<string, AbortController>();
  readonly #listeners: ServersListener[] = [];
  readonly #found = new FoundInstances();
  /** Servers that have failed → those that stand in for them. */
  readonly #redirects = new Map<string, string>();
  readonly #redactor: Redactor;
  readonly #suite: SuiteIdentity;
  /** What stdio servers write to their standard error. */
  readonly outputs: ServerOutputs;
  readonly #dependencies: Dependencies;
  #sweeper: NodeJS.Timeout | undefined;
  #starting: Promise<void> = Promise.resolve();
  #phase: 'waiting' | 'begun' | 'stopping' = 'waiting';

  constructor(
    @InjectContext() private readonly context: ServiceContext,
    @InjectExecutorConfig() private readonly config: ExecutorConfig,
    @InjectEventLog() private readonly log: EventLog,
    private readonly pushes: SessionPushes,
    private readonly authorizers: Authorizers,
  ) {
    this.#redactor = new Redactor(config.redaction);
    this.#suite = new SuiteIdentity(log);
    this.outputs = new ServerOutputs(config.serverOutput, this.#redactor, context.ports.clock);
    this.#dependencies = new Dependencies(this.#servers, config.lifecycle.dependencyWaitMs);
    for (const definition of context.config.servers) {
      this.#configured.add(definition.name);
      this.#servers.set(definition.name, this.#make(definition));
    }
  }

  /** Starts them, those first that others depend on. Until then servers come and go without being started. */
  begin(): void {
    if (this.#phase !== 'waiting') return;
    this.#phase = 'begun';
    this.#starting = this.#startAll();
    this.#sweeper = setInterval(() => {
      for (const { pool } of this.#servers.values()) void pool.sweep();
    }, this.config.pool.sweepMs);
    this.#sweeper.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#phase = 'stopping';
    clearInterval(this.#sweeper);
    for (const refusing of this.#refusing.values()) refusing.abort();
    const dependantsFirst = dependencyOrder(this.#dependencies.graph).order.toReversed();
    await Promise.allSettled([
      ...dependantsFirst.map((name) => this.#servers.get(name)?.close('the executor stops')),
      ...[...this.#leaving].map((server) => server.close('the executor stops')),
    ]);
    await this.#starting;
    await this.#turns.idle();
  }

  get(name: string): UpstreamServer | undefined {
    return this.#servers.get(name);
  }

  /** Where a call of a tool goes: to the server, or to its stand-in, if that has the tool. What is no tool call goes nowhere else. */
  route(name: string, tool: string | undefined): UpstreamServer | undefined {
    const server = this.#servers.get(name);
    if (tool === undefined || this.#redirects.size === 0) return server;
    const standIn = this.#standIn(name);
    return standIn?.offers(tool) === true ? standIn : server;
  }

  /** Sends further calls of a server to another one. @param to undefined: to itself again */
  redirect(name: string, to: string | undefined): void {
    if (to === undefined) this.#redirects.delete(name);
    else this.#redirects.set(name, to);
  }

  all(): Iterable<UpstreamServer> {
    return this.#servers.values();
  }

  /** To be called before anything is added; hears of those too that are there already. */
  async listen(listener: ServersListener): Promise<void> {
    this.#listeners.push(listener);
    await Promise.all([...this.#servers.keys()].map((name) => listener.added(name)));
  }

  /** Whether the configuration has it: then the definition in the log does not count. */
  isConfigured(name: string): boolean {
    return this.#configured.has(name);
  }

  /**
   * Makes the servers of the configuration those of `definitions`: starts what is new, replaces what has changed, removes
   * what is gone. Resolves when calls go where they should; starting goes on behind it.
   */
  async configure(definitions: readonly UpstreamDefinition[]): Promise<ServerChanges> {
    const before = [...this.#configured].flatMap((name) => this.#servers.get(name)?.definition ?? []);
    const wanted = definitions.map((definition) => this.#found.in(definition));
    const changes = differences(before, wanted);
    const byName = new Map(wanted.map((definition) => [definition.name, definition]));
    for (const name of changes.removed) this.#configured.delete(name);
    for (const name of byName.keys()) this.#configured.add(name);
    await Promise.all([
      ...changes.removed.map((name) => this.remove(name, 'is no longer in the configuration')),
      ...[...changes.added, ...changes.replaced, ...changes.adjusted].map((name) => this.add(byName.get(name)!)),
    ]);
    return changes;
  }

  /** Takes in a server, or the new definition of one that is there. Resolves when it takes calls; starting goes on behind it. */
  add(given: UpstreamDefinition): Promise<void> {
    const { name } = given;
    this.#refusing.get(name)?.abort();
    return this.#turns.take(name, async () => {
      const definition = this.#found.in(given);
      if (this.#phase === 'stopping') return;
      const before = this.#servers.get(name);
      if (!before) {
        this.#servers.set(name, this.#make(definition));
        await Promise.all(this.#listeners.map((listener) => listener.added(name)));
        this.#startNow(name);
        return;
      }
      const change = definitionChange(before.definition, definition);
      if (change === 'adjusted') before.reconfigure(definition);
      if (change === 'replaced') this.#replace(before, definition, 'has a new definition');
    });
  }

  /** The same as {@link add}: calls that run finish with the old definition, others take the new one. */
  replace(definition: UpstreamDefinition): Promise<void> {
    return this.add(definition);
  }

  /**
   * Tells where the instances of an HTTP server are, in place of what its definition says. Calls that run go on; sessions stay
   * with their instance as long as it is among them.
   * @param instances empty: as the definition says again
   */
  async setInstances(name: string, instances: readonly InstanceSpec[]): Promise<void> {
    const before = this.#servers.get(name)?.definition;
    const given = before && this.#found.set(before, instances);
    if (given) await this.add(given);
  }

  /**
   * Calls that run may finish, within `lifecycle.drainMs`.
   * @param reason what follows the server's name
   * @param refusesMs for so long it refuses calls, of those who have not heard yet: in a queue that nobody reads they would hang
   */
  remove(name: string, reason = 'was removed', refusesMs = 0): Promise<void> {
    return this.#turns.take(name, async () => {
      const server = this.#servers.get(name);
      if (!server) return;
      server.shut(new ServerClosedError(name, reason, false));
      if (refusesMs > 0) await this.#refuse(name, refusesMs);
      await Promise.all(this.#listeners.map((listener) => listener.removed(name)));
      this.#servers.delete(name);
      this.#found.forget(name);
      await this.#letGo(server, reason, 'any');
      if (!this.#servers.has(name)) this.outputs.forget(name);
    });
  }

  /** What the log says of a server before anything was started. */
  setTarget(name: string, target: Target): void {
    this.#targets.set(name, target);
    const server = this.#servers.get(name);
    if (target.state !== 'running') server?.shut(target.refusal(name));
  }

  /** Starts a server that was stopped or quarantined, or tries again at once to start one that has failed. */
  start(name: string): Promise<void> {
    this.#targets.set(name, RUNNING);
    return this.#turns.take(name, async () => {
      const before = this.#servers.get(name);
      if (!before || this.#phase !== 'begun') return;
      const { supervisor } = before;
      if (before.closedFor === undefined && (supervisor.isUp || supervisor.state === 'starting')) return;
      this.#replace(before, before.definition, 'is started');
    });
  }

  /** Takes a new process or new sessions; calls that run may finish on the old ones, within `lifecycle.drainMs`. */
  restart(name: string): Promise<void> {
    return this.#turns.take(name, async () => {
      const before = this.#servers.get(name);
      if (before && this.#phase === 'begun') this.#replace(before, before.definition, 'is restarted');
    });
  }

  /**
   * Ends it, after the servers that depend on it and are to end as well. Calls are refused from now on.
   * @param drains whether those that run may finish, within `lifecycle.drainMs`; they are cut off otherwise
   */
  halt(name: string, target: Target, drains: boolean): Promise<void> {
    this.#targets.set(name, target);
    this.#servers.get(name)?.shut(target.refusal(name));
    const dependants = dependantsOf(this.#dependencies.graph, name).filter(
      (other) => this.#target(other).state !== 'running',
    );
    return this.#turns.take(name, async () => {
      const server = this.#servers.get(name);
      // a start that came meanwhile is a later wish
      if (!server || this.#target(name) !== target) return;
      server.shut(target.refusal(name));
      server.supervisor.end(target.reason);
      await Promise.all(dependants.map((other) => this.#turns.after(other)));
      if (drains) await server.idle(this.config.lifecycle.drainMs);
      await server.close(target.reason, 'any');
    });
  }

  /** Ends early when the server is wanted again, or the service stops. */
  async #refuse(name: string, ms: number): Promise<void> {
    if (this.#phase === 'stopping') return;
    const refusing = new AbortController();
    this.#refusing.set(name, refusing);
    await delay(ms, undefined, { signal: refusing.signal }).catch(() => undefined);
    this.#refusing.delete(name);
  }

  #standIn(name: string): UpstreamServer | undefined {
    const to = this.#redirects.get(name);
    return to === undefined ? undefined : this.#servers.get(to);
  }

  #target(name: string): Target {
    return this.#targets.get(name) ?? RUNNING;
  }

  /** The new one takes calls at once; the old one goes when its own have ended. */
  #replace(before: UpstreamServer, definition: UpstreamDefinition, reason: string): void {
    const { name } = before;
    this.#servers.set(name, this.#make(definition, before));
    this.#startNow(name);
    this.#letGo(before, reason, 'none').catch((error: unknown) =>
      this.context.logger?.warn({ err: error, server: name }, 'could not be let go of'),
    );
  }

  /** Closes a server that is no longer here once its calls have ended, or `lifecycle.drainMs` are over. */
  async #letGo(server: UpstreamServer, reason: string, news: StopNews): Promise<void> {
    this.#leaving.add(server);
    await server.idle(this.config.lifecycle.drainMs);
    server.shut(new ServerClosedError(server.name, reason, true));
    await server.close(reason, news).finally(() => this.#leaving.delete(server));
  }

  #startNow(name: string): void {
    const server = this.#servers.get(name);
    if (this.#phase !== 'begun' || !server || this.#target(name).state !== 'running') return;
    void this.#startOne(server).catch((error: unknown) =>
      this.context.logger?.error({ err: error, server: name }, 'could not be started'),
    );
  }

  async #startAll(): Promise<void> {
    const { order } = dependencyOrder(this.#dependencies.graph);
    await forEachBounded(order, this.config.startParallel, async (name) => {
      const server = this.#servers.get(name);
      if (server && server.supervisor.state === 'stopped') await this.#startOne(server, false);
    });
    await forEachBounded(this.#servers.values(), this.config.startParallel, (server) => this.#fill(server));
  }

  async #startOne(server: UpstreamServer, fills = true): Promise<void> {
    if (this.#phase === 'stopping' || server.closedFor !== undefined) return;
    await server.supervisor.start();
    if (fills) await this.#fill(server);
  }

  /** One that cannot be made now is made when it is needed. */
  async #fill({ supervisor, pool }: UpstreamServer): Promise<void> {
    if (this.#phase !== 'stopping' && supervisor.isUp) await pool.fill().catch(() => undefined);
  }

  #make(definition: UpstreamDefinition, before?: UpstreamServer): UpstreamServer {
    const { instanceId, ports, config, version, logger } = this.context;
    const warn = (text: string) => logger?.warn({ server: definition.name }, text);
    const log = new ServerLog(definition.name, instanceId, this.log, ports.events, this.#redactor);
    const peer = peerLinkOf(definition, instanceId, this.#suite);
    if (peer) log.beside = (event) => peer.eventsBeside(event);
    const server = new UpstreamServer(
      definition,
      {
        config: this.config,
        clock: ports.clock,
        pushes: this.pushes,
        log,
        peer,
        instanceLog: new InstanceLog(definition.name, instanceId, this.log, this.#redactor, warn),
        env: config.env,
        version,
        locate: (target) => locateTarget(target, ports.directory),
        authorizer: this.authorizers.of(definition),
        output: this.outputs.of(definition),
        standIn: () => this.#standIn(definition.name),
        dependenciesReady: (isWanted) => this.#dependencies.ready(definition.name, isWanted),
        warn,
      },
      before?.subscriptions,
    );
    const target = this.#target(definition.name);
    if (target.state !== 'running') server.shut(target.refusal(definition.name));
    return server;
  }
}
