import Consul from 'consul';
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { ConsulCheck, ConsulService, HealthEntry, KeyValue } from './answers.js';
import { ConsulError } from './consul-error.js';
import { resolveConsulOptions, type ConsulOptions, type ResolvedConsulOptions } from './options.js';

/** Waits on the server until its index is higher than this one, for `waitMs` at most. */
export interface Block {
  readonly index: number;
  readonly signal: AbortSignal;
}

export interface Indexed<T> {
  readonly value: T;
  /** 0 when Consul told none. */
  readonly index: number;
}

export type ServiceDefinition = Parameters<Consul['agent']['service']['register']>[0];

/** A kept connection that the agent closed meanwhile; every request here may be sent twice. */
const STALE = new Set(['ECONNRESET', 'EPIPE']);

/** Requests to one agent, each bounded in time. They reject with {@link ConsulError}. */
export class ConsulApi {
  readonly options: ResolvedConsulOptions;
  private readonly client: Consul;

  constructor(options: ConsulOptions) {
    this.options = resolveConsulOptions(options);
    const { url, token, datacenter, requestTimeoutMs } = this.options;
    const baseUrl = `${url.replace(/\/+$/, '')}/v1`;
    const defaults = { ...(token && { token }), ...(datacenter && { dc: datacenter }) };
    // baseUrl and timeout are options of the client that its types lack
    this.client = new Consul({ baseUrl, timeout: requestTimeoutMs, defaults } as object);
  }

  async registerService(definition: object): Promise<void> {
    await this.request((o) => this.client.agent.service.register({ ...definition, ...o } as ServiceDefinition));
  }

  async deregisterService(id: string): Promise<void> {
    await this.request((o) => this.client.agent.service.deregister({ id, ...o }));
  }

  async setMaintenance(id: string, enable: boolean, reason: string): Promise<void> {
    await this.request((o) => this.client.agent.service.maintenance({ id, enable, reason, ...o }));
  }

  async deregisterCheck(id: string): Promise<void> {
    await this.request((o) => this.client.agent.check.deregister({ id, ...o }));
  }

  /** Tells a check with a time to live that all is well. */
  async passCheck(id: string): Promise<void> {
    await this.request((o) => this.client.agent.check.pass({ id, ...o }));
  }

  /** The services that were registered at this agent, by id; with `id`, at most that one. */
  async agentServices(id?: string): Promise<Readonly<Record<string, ConsulService>>> {
    const filter = id === undefined ? {} : { filter: `ID == ${JSON.stringify(id)}` };
    return (
      await this.request<Record<string, ConsulService>>((o) => this.client.agent.service.list({ ...filter, ...o }))
    ).value;
  }

  /** The checks that this agent runs, by id. */
  async agentChecks(): Promise<Readonly<Record<string, ConsulCheck>>> {
    return (await this.request<Record<string, ConsulCheck>>((o) => this.client.agent.checks(o))).value;
  }

  serviceHealth(service: string, block?: Block): Promise<Indexed<readonly HealthEntry[]>> {
    return this.request((o) => this.client.health.service({ service, ...o }), block);
  }

  /** The tags of all instances of each service. */
  async serviceTags(): Promise<Readonly<Record<string, readonly string[]>>> {
    return (await this.request<Record<string, string[]>>((o) => this.client.catalog.services(o))).value;
  }

  /** Address of the cluster's leader; empty when there is none. */
  async clusterLeader(): Promise<string> {
    return (await this.request<string>(() => this.client.status.leader())).value;
  }

  getKey(key: string, block?: Block): Promise<Indexed<KeyValue | undefined>> {
    return this.request((o) => this.client.kv.get({ key, ...o }), block);
  }

  async getKeys(prefix: string, block?: Block): Promise<Indexed<readonly KeyValue[]>> {
    const found = await this.request<KeyValue[] | undefined>(
      (o) => this.client.kv.get({ key: prefix, recurse: true, ...o }),
      block,
    );
    return { ...found, value: found.value ?? [] };
  }

  async setKey(key: string, value: string): Promise<void> {
    await this.request((o) => this.client.kv.set({ key, value, ...o }));
  }

  /** Deletes all keys that begin with the prefix. */
  async deleteKeys(prefix: string): Promise<void> {
    await this.request((o) => this.client.kv.del({ key: prefix, recurse: true, ...o }));
  }

  /** True when the session holds the key now. */
  async acquireKey(key: string, value: string, session: string): Promise<boolean> {
    // a refusal is answered by `false`, which the package hands out as undefined
    return (await this.request((o) => this.client.kv.set({ key, value, acquire: session, ...o }))).value === true;
  }

  async releaseKey(key: string, value: string, session: string): Promise<void> {
    await this.request((o) => this.client.kv.set({ key, value, release: session, ...o }));
  }

  /**
   * @param options.checks ids of checks: the session ends when one of them is critical
   * @returns the id of the session
   */
  async createSession(options: {
    name: string;
    ttlMs: number;
    lockDelayMs: number;
    checks: string[];
  }): Promise<string> {
    const { name, ttlMs, lockDelayMs, checks } = options;
    const session = { name, checks, ttl: `${ttlMs}ms`, lockdelay: `${lockDelayMs}ms`, behavior: 'release' as const };
    return (await this.request<{ ID: string }>((o) => this.client.session.create({ ...session, ...o }))).value.ID;
  }

  /** @returns false when there is no such session any more */
  async renewSession(id: string): Promise<boolean> {
    try {
      await this.request((o) => this.client.session.renew({ id, ...o }));
      return true;
    } catch (error) {
      if ((error as ConsulError).status === 404) return false;
      throw error;
    }
  }

  async destroySession(id: string): Promise<void> {
    await this.request((o) => this.client.session.destroy({ id, ...o }));
  }

  /** Ends the connections. */
  close(): void {
    this.client.destroy();
  }

  private async request<T>(send: (options: object) => Promise<unknown>, block?: Block): Promise<Indexed<T>> {
    try {
      return await this.attempt<T>(send, block);
    } catch (error) {
      if (!STALE.has(String((error as { code?: string }).code)) || block?.signal.aborted) {
        throw new ConsulError(error);
      }
    }
    try {
      return await this.attempt<T>(send, block);
    } catch (error) {
      throw new ConsulError(error);
    }
  }

  private async attempt<T>(send: (options: object) => Promise<unknown>, block?: Block): Promise<Indexed<T>> {
    // the package hands out the response, where the index is, to a context like this one
    const ctx = Object.assign(new EventEmitter(), { includeResponse: true });
    const cancel = (): boolean => ctx.emit('cancel');
    block?.signal.addEventListener('abort', cancel, { once: true });
    try {
      const answer = await send({ ctx, ...(block && this.blocking(block.index)) });
      if (!Array.isArray(answer)) return { value: answer as T, index: 0 };
      const [response, value] = answer as [IncomingMessage, T];
      return { value, index: Number(response.headers['x-consul-index'] ?? 0) };
    } finally {
      block?.signal.removeEventListener('abort', cancel);
    }
  }

  /** Consul adds up to a sixteenth to the wait, by chance, so that not all answers come at once. */
  private blocking(index: number): object {
    const { waitMs, requestTimeoutMs } = this.options;
    if (index === 0) return {};
    return { index: String(index), wait: `${waitMs}ms`, timeout: Math.ceil(waitMs * (17 / 16)) + requestTimeoutMs };
  }
}
