import { setTimeout as delay } from 'node:timers/promises';
import type { ClientContext, UpstreamDefinition } from '@signalbox/contracts';
import {
  CancelledError,
  ErrorCode,
  FULL_CLIENT_CAPABILITIES,
  UpstreamClosedError,
  type Dialect,
  type Inbound,
  type UpstreamConnection,
} from '@signalbox/mcp';
import type { Catalogue, HealthObservation } from '@signalbox/domain/server';
import type { Clock } from '@signalbox/ports';
import type { ExecutorConfig } from '../../config.js';
import { BalancedPool } from '../balancing/balanced-pool.js';
import type { ConnectionPool, Wanted } from '../balancing/connection-pool.js';
import { connectSome } from '../balancing/connect-some.js';
import type { InstanceLog } from '../balancing/instance-log.js';
import { Pool } from '../pools/pool.js';
import { PooledConnection } from '../pools/pooled-connection.js';
import type { Slot } from '../pools/slot.js';
import { connectionKey, isOfOneRequest, tellsAbilities } from './connection-key.js';
import { Connector, type ConnectorDeps } from './connector.js';
import { discoverCatalogue } from './discover.js';
import type { HealthCheckOptions } from './health-check.js';
import { probe } from './probe.js';
import type { RestartOptions } from './restarts.js';
import { refuse } from './reverse-requests.js';
import { ServerClosedError } from './server-closed-error.js';
import type { ServerLog } from './server-log.js';
import type { SessionPushes } from './session-pushes.js';
import { Subscriptions } from './subscriptions.js';
import { Supervisor, type StopNews } from './supervisor.js';
import { isSuspended } from './suspended.js';
import { ToolHeaders } from './tool-headers.js';

export interface UpstreamServerDeps extends ConnectorDeps {
  readonly config: ExecutorConfig;
  readonly clock: Clock;
  readonly pushes: SessionPushes;
  readonly log: ServerLog;
  readonly instanceLog: InstanceLog;
  /** The server that stands in for this one now. */
  standIn(): { readonly name: string; offers(tool: string): boolean | undefined } | undefined;
  /** Resolves when what it depends on runs; rejects when that takes too long, or nobody waits any more. */
  dependenciesReady(isWanted: () => boolean): Promise<void>;
}

const SUBSCRIBE_TIMEOUT_MS = 10_000;
const SESSION_OVER = 'the client session is over';
/** Failed starts in a row after which calls no longer try to start the server themselves. */
const HOPELESS_AFTER = 3;
const IDLE_POLL_MS = 20;
/** How long our own services may take to come up beside this one. */
const BUILT_IN_GRACE_MS = 10_000;

function healthOptions({ ping }: ExecutorConfig, { settings }: UpstreamDefinition): HealthCheckOptions {
  const { missed: critical, warning, slowMs } = ping;
  return { intervalMs: settings.health.intervalMs ?? ping.intervalMs, critical, warning, slowMs };
}

function restartOptions({ restart }: ExecutorConfig, { settings: { recovery } }: UpstreamDefinition): RestartOptions {
  const { maxAttempts = restart.maxAttempts, cooldownMs = restart.cooldownMs } = recovery ?? {};
  return { ...restart, maxAttempts, cooldownMs };
}

/** One upstream server as this executor has it: its control connection, and the pool of connections that calls run on. */
export class UpstreamServer {
  readonly supervisor: Supervisor;
  readonly pool: ConnectionPool;
  /** The pool, where there are instances to choose from. */
  readonly balanced: BalancedPool | undefined;
  readonly toolHeaders: ToolHeaders;
  #tools: ReadonlySet<string> | undefined;
  readonly #connector: Connector;
  /** Sessions that are about to get a connection of their own. */
  readonly #expected = new Map<string, ClientContext>();
  #controlUrl: string | undefined;
  #closing = false;
  #closedFor: ServerClosedError | undefined;
  #definition: UpstreamDefinition;

  /** @param subscriptions those of the one whose place it takes */
  constructor(
    definition: UpstreamDefinition,
    private readonly deps: UpstreamServerDeps,
    readonly subscriptions = new Subscriptions(),
  ) {
    this.#definition = definition;
    this.#connector = new Connector(() => this.#definition, deps);
    this.toolHeaders = new ToolHeaders(deps.warn);
    const { config, clock, log } = deps;
    const { source } = definition;
    const graceMs = source === 'built-in' ? BUILT_IN_GRACE_MS : 0;
    this.supervisor = new Supervisor(
      {
        restart: restartOptions(config, definition),
        health: healthOptions(config, definition),
        ...config.discovery,
        graceMs,
      },
      {
        connect: () => this.#connectControl(),
        discover: (connection) => this.#discover(connection),
        check: (connection) => this.#check(connection),
        goesOn: () => this.balanced?.hasOneUp === true,
        warn: deps.warn,
      },
      log,
      clock,
    );
    const { target } = definition;
    const isBalanced = target.kind === 'http' && target.instances !== undefined;
    this.balanced = isBalanced ? this.#makeBalanced() : undefined;
    this.pool = this.balanced ?? this.#makePool();
  }

  #makePool(url?: string): Pool<PooledConnection> {
    const { config, clock } = this.deps;
    const { settings } = this.#definition;
    const { max = this.isProcess ? config.pool.stdioMax : config.pool.httpMax, min, ...times } = settings.pool;
    const { maxWaiting } = config.pool;
    const bounds = { ...times, max, min: Math.min(min, max), maxWaiting };
    return new Pool(
      { ...bounds, transferable: this.isProcess, isUsedOnce: isOfOneRequest },
      {
        create: (key) => this.#connectPooled(key, url),
        destroy: ({ connection }, reason) => connection.close(reason),
        validate: ({ connection }) => connection.ping(config.pool.validateTimeoutMs),
        isPinned: ({ subscriptions }) => subscriptions.size > 0,
        gone: ({ connection }) => connection.ending ?? connection.closed,
      },
      clock,
    );
  }

  #makeBalanced(): BalancedPool {
    const { config, clock, instanceLog: log } = this.deps;
    return new BalancedPool(
      () => this.#definition,
      { config, clock, log },
      {
        makePool: (url) => this.#makePool(url),
        watch: (url) => this.#connector.connect({ capabilities: {}, url, receive: refuseAll }),
        up: () => this.supervisor.poke(),
        down: (url, reason) => {
          if (url === this.#controlUrl) void this.supervisor.connection?.close(reason);
        },
      },
    );
  }

  get name(): string {
    return this.definition.name;
  }

  /** What there is between this suite and the server, where that is a peer. */
  get peer(): UpstreamServerDeps['peer'] {
    return this.deps.peer;
  }

  get isProcess(): boolean {
    return this.definition.target.kind === 'stdio';
  }

  /** What it speaks, once that is known. */
  get dialect(): Dialect | undefined {
    return this.#connector.dialect;
  }

  /** Whether one connection serves many clients, one after the other or at once; else each session has one for itself. */
  get isShared(): boolean {
    return this.isProcess || this.dialect?.era === 'modern';
  }

  /**
   * @param requestId for which request, where there is one
   * @throws ServerClosedError while it takes no calls
   * @throws CancelledError when the client's session is over
   */
  lease(
    client: ClientContext,
    deadline: number,
    requestId = '',
    wanted?: Wanted,
  ): Slot<PooledConnection> | Promise<Slot<PooledConnection>> {
    if (this.#closedFor !== undefined) throw this.#closedFor;
    if (wanted?.command.call) this.#refuseRedirected(wanted.command.call.tool);
    if (client.sessionId !== undefined && this.deps.pushes.isOver(client.sessionId))
      throw new CancelledError(SESSION_OVER);
    const { dialect, isProcess } = this;
    const key = connectionKey(client, requestId, { dialect, isProcess, share: this.#definition.settings.pool.share });
    if (!isProcess && tellsAbilities(key) && !this.pool.bound(key)) this.#expected.set(key, client);
    return this.pool.acquire(key, deadline, wanted);
  }

  /** Whether one of its tools has this name; undefined before it was asked. */
  offers(tool: string): boolean | undefined {
    return this.#tools?.has(tool);
  }

  /** Of a server that is down, only what its stand-in cannot do comes here, and what came before it had one. */
  #refuseRedirected(tool: string): void {
    const standIn = this.deps.standIn();
    if (!standIn || this.supervisor.isUp || standIn.offers(tool) === true) return;
    const why = `has failed, and its stand-in "${standIn.name}" has no tool "${tool}"`;
    throw new UpstreamClosedError(why, false);
  }

  /** Takes no further calls; those that run go on. */
  shut(error: ServerClosedError): void {
    this.#closedFor = error;
  }

  /** Why it takes no calls; undefined while it does. */
  get closedFor(): ServerClosedError | undefined {
    return this.#closedFor;
  }

  /** Resolves when no call uses or waits for a connection any more, or after `withinMs`; true in the first case. */
  async idle(withinMs: number): Promise<boolean> {
    for (const end = performance.now() + withinMs; ; await delay(IDLE_POLL_MS)) {
      const { busy, waiting, creating } = this.pool.statistics();
      if (busy + waiting + creating === 0) return true;
      if (performance.now() >= end) return false;
    }
  }

  /** What is read per use changes at once: deadline, safety classes, trust. */
  reconfigure(definition: UpstreamDefinition): void {
    this.#definition = definition;
    this.balanced?.reconfigure();
  }

  get definition(): UpstreamDefinition {
    return this.#definition;
  }

  async close(reason: string, news?: StopNews): Promise<void> {
    this.#closing = true;
    this.#closedFor ??= new ServerClosedError(this.name, reason, true);
    await Promise.allSettled([this.pool.close(reason), this.supervisor.stop(reason, news)]);
  }

  /** The client session is over: what was held for it is given up. */
  async closeSession(sessionId: string): Promise<void> {
    const unwanted = this.subscriptions.removeSession(sessionId);
    this.#expected.delete(sessionId);
    // also where connections are shared: it may have been made while nothing was known of the server
    if (!this.isProcess) await this.pool.end(sessionId, SESSION_OVER);
    if (!this.isShared) return;
    const bound = this.pool.bound(sessionId);
    if (bound?.resource.holder?.sessionId === sessionId && bound.leases === 0) bound.resource.holder = undefined;
    for (const uri of unwanted) await this.unsubscribeAll(uri);
  }

  /** Asks every process but one to report changes of a resource. */
  async subscribeOthers(uri: string, done: PooledConnection): Promise<void> {
    const others = [...this.pool.slots()].map(({ resource }) => resource).filter((pooled) => pooled !== done);
    await Promise.all(others.map((pooled) => this.#subscribe(pooled, uri)));
  }

  async unsubscribeAll(uri: string): Promise<void> {
    const requests = [...this.pool.slots()].map(async ({ resource: { connection, subscriptions } }) => {
      if (!subscriptions.delete(uri)) return;
      await connection.request('resources/unsubscribe', { uri }, { deadline: Date.now() + SUBSCRIBE_TIMEOUT_MS });
    });
    await Promise.allSettled(requests);
  }

  /** Reads again which headers its tools want. @throws when the lists cannot be read */
  async refreshToolHeaders(connection: UpstreamConnection): Promise<void> {
    await this.#discover(connection);
    this.supervisor.rediscover();
  }

  async #discover(connection: UpstreamConnection): Promise<Catalogue> {
    const catalogue = await discoverCatalogue(connection, this.deps.config.discovery);
    this.#tools = new Set(catalogue.tools.map(({ name }) => name));
    return this.toolHeaders.sift(catalogue, connection.dialect);
  }

  async #check(connection: UpstreamConnection): Promise<HealthObservation> {
    const { timeoutMs } = this.deps.config.ping;
    const [observed] = await Promise.all([
      probe(connection, { timeoutMs, url: this.definition.settings.health.url }),
      this.#endSuspended(),
    ]);
    return observed;
  }

  /** Calls on a process that does nothing would wait for their deadlines. */
  async #endSuspended(): Promise<void> {
    if (!this.isProcess) return;
    const slots = [...this.pool.slots()];
    const suspended = await Promise.all(slots.map(({ resource }) => isSuspended(resource.connection.pid)));
    for (const [at, slot] of slots.entries()) {
      if (suspended[at]) void this.pool.destroy(slot, 'its process is suspended').catch(() => undefined);
    }
  }

  async #connectControl(): Promise<UpstreamConnection> {
    await this.#dependenciesReady();
    const receive = (connection: UpstreamConnection, message: Inbound) => {
      if (message.method.endsWith('/list_changed')) this.#listChanged(message);
      else refuseAll(connection, message);
    };
    const { balanced } = this;
    if (!balanced) return this.#connector.connect({ capabilities: {}, isControl: true, receive });
    balanced.begin();
    return connectSome(balanced, async (url) => {
      const connection = await this.#connector.connect({ capabilities: {}, isControl: true, url, receive });
      this.#controlUrl = url;
      return connection;
    });
  }

  #dependenciesReady(): Promise<void> {
    return this.deps.dependenciesReady(() => this.#closedFor === undefined);
  }

  async #connectPooled(key: string, url: string | undefined): Promise<PooledConnection> {
    const { state, failures, lastError } = this.supervisor;
    // starting one more process per call would not make the server well; of instances it is known which are
    if (url === undefined && state === 'failed' && failures >= HOPELESS_AFTER)
      throw new UpstreamClosedError(`is down: ${lastError}`, false);
    if (!this.supervisor.isUp) await this.#dependenciesReady();
    const client = this.#expected.get(key) ?? this.subscriptions.clientOf(key);
    this.#expected.delete(key);
    const capabilities = this.isProcess ? FULL_CLIENT_CAPABILITIES : (client?.capabilities ?? {});
    const made: { pooled?: PooledConnection } = {};
    const receive = (from: UpstreamConnection, message: Inbound) => this.#receive(from, made.pooled, message);
    const connection = await this.#connector.connect({ capabilities, client, url, receive });
    const pooled = new PooledConnection(connection, url);
    made.pooled = pooled;
    pooled.holder = client;
    // a session or process that takes the place of another takes over what was asked of it
    for (const uri of this.subscriptions.uris(this.isShared ? undefined : key)) void this.#subscribe(pooled, uri);
    void connection.closed.then(() => this.#replaceSubscribed(key));
    return pooled;
  }

  #receive(connection: UpstreamConnection, pooled: PooledConnection | undefined, message: Inbound): void {
    if (message.method.endsWith('/list_changed')) return this.#listChanged(message);
    if (message.method === 'notifications/resources/updated') return this.#tellSubscribers(message);
    const holder = pooled?.holder;
    if (holder?.sessionId !== undefined) return this.deps.pushes.push(this.name, holder, connection, message);
    refuseAll(connection, message);
  }

  #listChanged({ method }: Inbound): void {
    this.supervisor.rediscover(method === 'notifications/resources/list_changed');
  }

  #tellSubscribers(message: Inbound): void {
    const uri = message.params?.['uri'];
    if (typeof uri !== 'string') return;
    for (const client of this.subscriptions.subscribers(uri, this.deps.clock.now())) {
      this.deps.pushes.notify(this.name, client, message.method, message.params);
    }
  }

  async #subscribe(pooled: PooledConnection, uri: string): Promise<void> {
    const deadline = Date.now() + SUBSCRIBE_TIMEOUT_MS;
    try {
      const outcome = await pooled.connection.request('resources/subscribe', { uri }, { deadline });
      if ('result' in outcome) pooled.subscriptions.add(uri);
    } catch (error) {
      this.deps.warn(`subscription to ${uri} could not be taken over: ${(error as Error).message}`);
    }
  }

  /** A connection that carried subscriptions is gone: another one must take them before anybody calls. */
  #replaceSubscribed(key: string): void {
    const client = this.isShared ? this.subscriptions.someClient() : this.subscriptions.clientOf(key);
    if (this.#closing || !client || this.isProcess) return;
    void (async () => {
      const slot = await this.lease(client, Date.now() + SUBSCRIBE_TIMEOUT_MS);
      this.pool.release(slot);
    })().catch((error: Error) => this.deps.warn(`subscriptions of a session are lost: ${error.message}`));
  }
}

/** Where nobody listens: a connection that only looks whether somebody answers. */
function refuseAll(connection: UpstreamConnection, message: Inbound): void {
  if ('id' in message) refuse(connection, message.id, ErrorCode.MethodNotFound, 'no client stands behind this session');
}
