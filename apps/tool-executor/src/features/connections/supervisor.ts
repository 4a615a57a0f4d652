import type { ServerExecutorState } from '@signalbox/contracts';
import type { Catalogue, Health, HealthObservation } from '@signalbox/domain/server';
import type { UpstreamConnection } from '@signalbox/mcp';
import type { Clock } from '@signalbox/ports';
import { HealthCheck, type HealthCheckOptions } from './health-check.js';
import { Restarts, type RestartOptions } from './restarts.js';
import type { ServerLog } from './server-log.js';

export interface SupervisorOptions {
  readonly restart: RestartOptions;
  readonly health: HealthCheckOptions;
  readonly debounceMs: number;
  /** Least time between two readings of the lists that only a change of resources asks for. */
  readonly resourcesMinMs: number;
  /** For so long after its start a server may be unreachable without that being news: a service of our own that starts with us. */
  readonly graceMs: number;
}

export interface SupervisorHooks {
  connect(): Promise<UpstreamConnection>;
  discover(connection: UpstreamConnection): Promise<Catalogue>;
  /** One look at its health; never rejects. */
  check(connection: UpstreamConnection): Promise<HealthObservation>;
  /** Whether it goes on elsewhere when the control connection has ended; false when absent. */
  goesOn?(): boolean;
  /** Something that the operator should see, and that no event tells. */
  warn(text: string): void;
}

/** In which states the end of a server is worth an event. */
export type StopNews = 'running' | 'any' | 'none';

const GRACE_RETRY_MS = 100;

/** Keeps one server's control connection: reads its catalogue, notices its end, brings it back. */
export class Supervisor {
  state: ServerExecutorState = 'stopped';
  lastError: string | undefined;
  #connection: UpstreamConnection | undefined;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #stopping = false;
  #announced: string | undefined;
  #debounce: NodeJS.Timeout | undefined;
  #readAt = 0;
  #reading: Promise<unknown> = Promise.resolve();
  #health: HealthCheck | undefined;
  readonly #restarts: Restarts;

  constructor(
    private readonly options: SupervisorOptions,
    private readonly hooks: SupervisorHooks,
    private readonly log: ServerLog,
    private readonly clock: Clock,
  ) {
    this.#restarts = new Restarts(options.restart);
  }

  /** Failed starts since the server was last well. */
  get failures(): number {
    return this.#restarts.failures;
  }

  /** Whether calls can go to it. */
  get isUp(): boolean {
    return this.state === 'running' || this.state === 'degraded';
  }

  get connection(): UpstreamConnection | undefined {
    return this.#connection;
  }

  /** Resolves when the first attempt is over, however it went. */
  start(): Promise<void> {
    this.#change('starting', 'it is to run');
    return new Promise((resolve) => {
      this.#running = this.#run(this.clock.now(), resolve).finally(resolve);
    });
  }

  /** Its end has begun: it is kept as it is until {@link stop}, and not brought back. */
  end(reason: string): void {
    if (this.#stopping || this.state === 'stopped') return;
    this.#stopping = true;
    this.#health?.stop();
    this.#change('stopping', reason);
  }

  /** Tries again at once, where it waits to: there is reason to think that it goes well now. */
  poke(): void {
    if (this.state === 'failed') this.#wake?.();
  }

  /** @param news which states that it ends are worth an event; `none` when another one takes its place */
  async stop(reason: string, news: StopNews = 'running'): Promise<void> {
    const isNews = news !== 'none' && (this.isUp || (news === 'any' && this.state !== 'stopped'));
    this.#stopping = true;
    this.#health?.stop();
    clearTimeout(this.#debounce);
    this.#wake?.();
    await this.#connection?.close(reason);
    await this.#running;
    this.state = 'stopped';
    if (isNews) await this.log.stopped(reason);
  }

  /**
   * Reads the lists again, once it has been quiet for a moment.
   * @param resourcesOnly what changed: these are not read more often than they may be, also when it is never quiet
   */
  rediscover(resourcesOnly = false): void {
    if (this.#stopping || (resourcesOnly && this.#debounce)) return;
    clearTimeout(this.#debounce);
    const { debounceMs, resourcesMinMs } = this.options;
    const pauseMs = resourcesOnly ? this.#readAt + resourcesMinMs - this.clock.now() : 0;
    this.#debounce = setTimeout(
      () => {
        this.#debounce = undefined;
        const connection = this.#connection;
        if (!connection || !this.isUp) return;
        this.#readAt = this.clock.now();
        this.#reading = this.#reading
          .then(() => this.#observe(connection))
          .catch((error: Error) => this.hooks.warn(`its lists could not be read again: ${error.message}`));
      },
      Math.max(debounceMs, pauseMs),
    );
  }

  async #run(startedAt: number, attempted: () => void): Promise<void> {
    while (!this.#stopping) {
      const reason = await this.#live(attempted);
      if (this.#stopping) return;
      const hadOne = this.#connection !== undefined;
      this.#connection = undefined;
      if (this.isUp && (reason === SESSION_EXPIRED || (hadOne && this.hooks.goesOn?.()))) continue;
      const inGrace = this.#announced === undefined && this.clock.now() - startedAt < this.options.graceMs;
      const waitMs = inGrace ? GRACE_RETRY_MS : this.#restarts.next();
      if (!inGrace) await this.#fail(reason, waitMs);
      attempted();
      if (waitMs === undefined) return;
      await this.#pause(waitMs);
    }
  }

  /** One life of the control connection. @returns why it ended */
  async #live(attempted: () => void): Promise<string> {
    let connection: UpstreamConnection;
    try {
      connection = await this.hooks.connect();
    } catch (error) {
      return (error as Error).message;
    }
    this.#connection = connection;
    try {
      if (this.#stopping) throw new Error('stopping');
      await this.#observe(connection);
      await this.#announce(connection);
    } catch (error) {
      await connection.close('its lists could not be read');
      return (error as Error).message;
    }
    attempted();
    const healthy = setTimeout(() => this.#restarts.reset(), this.options.restart.healthyAfterMs);
    this.#health = new HealthCheck(
      this.options.health,
      () => this.hooks.check(connection),
      (health) => this.#heard(connection, health),
    );
    if (this.#stopping) this.#health.stop();
    const { reason } = await connection.closed;
    clearTimeout(healthy);
    this.#health.stop();
    return reason;
  }

  async #observe(connection: UpstreamConnection): Promise<void> {
    await this.log.observe(await this.hooks.discover(connection));
  }

  async #announce(connection: UpstreamConnection): Promise<void> {
    const { protocolVersion, serverInfo, capabilities, instructions } = connection.initialize;
    const said = { protocolVersion, serverInfo, capabilities, ...(instructions === undefined ? {} : { instructions }) };
    const text = JSON.stringify(said);
    if (!this.isUp || text !== this.#announced) await this.log.started(said);
    this.#announced = text;
    this.state = 'running';
    this.lastError = undefined;
  }

  /** A server that stays away is news when it goes, when the reason changes, and then ever more rarely. */
  async #fail(reason: string, retryInMs: number | undefined): Promise<void> {
    const attempt = this.failures;
    const isRound = (attempt & (attempt - 1)) === 0 || retryInMs === undefined;
    const isNews = this.state !== 'failed' || this.lastError !== reason || isRound;
    this.state = 'failed';
    this.lastError = reason;
    if (!isNews) return;
    await this.log
      .failed({ error: reason, attempt, ...(retryInMs === undefined ? {} : { retryInMs }) })
      .catch((error: Error) => this.hooks.warn(`its failure could not be logged: ${error.message}`));
  }

  #heard(connection: UpstreamConnection, { verdict, reason }: Health): void {
    if (this.#stopping || connection !== this.#connection) return;
    if (verdict === 'lost') void connection.close(reason ?? 'it is lost');
    else if (verdict === 'ill' && this.state === 'running') this.#change('degraded', reason ?? 'it is ill');
    else if (verdict === 'well' && this.state === 'degraded') this.#change('running', 'it answers as it should');
  }

  #change(to: ServerExecutorState, reason: string): void {
    const from = this.state;
    this.state = to;
    this.log
      .stateChanged({ from, to, reason })
      .catch((error: Error) => this.hooks.warn(`that it is ${to} could not be logged: ${error.message}`));
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const SESSION_EXPIRED = 'session expired';
