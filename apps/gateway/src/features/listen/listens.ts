import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { newId, type ClientContext, type RpcError, type SessionPush } from '@signalbox/contracts';
import { AnswerStream, ErrorCode, rpcError, type ClientChannel, type RequestId } from '@signalbox/mcp';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { ServerResponse } from 'node:http';
import type { GatewayConfig } from '../../config.js';
import { GatewayCode } from '../../errors.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import { PrincipalSlots } from '../../principal-slots.js';
import { CatalogueFollower } from '../catalogue/catalogue-follower.js';
import { UpstreamForwarder } from '../forward/upstream-forwarder.js';
import { AnswerStreams } from './answer-streams.js';
import type { ExtendedListen, ListenExtension } from './listen-extension.js';
import { ListenStream } from './listen-stream.js';
import { readFilter, type ListenFilter } from './listen-filter.js';

/** A request `subscriptions/listen`. */
export interface ListenRequest {
  readonly id: RequestId;
  readonly notifications: unknown;
  readonly client: Omit<ClientContext, 'gateway' | 'sessionId'>;
  readonly scope: string | undefined;
  readonly response: ServerResponse;
}

interface Listen {
  readonly stream: ListenStream;
  /** Names it towards executors, which keep subscriptions by session. */
  readonly client: ClientContext & { readonly sessionId: string };
  /** What its server was asked to report changes of, by URI. */
  readonly subscribed: Map<string, Subscription>;
  readonly extended: ExtendedListen | undefined;
  /** Gives its place back. */
  leave(): void;
}

interface Subscription {
  readonly server: string;
  /** The server's `startedBy` when it was asked: executors forget what they were asked when they end. */
  readonly startedBy: string | undefined;
}

const SUBSCRIBE_TIMEOUT_MS = 10_000;
const NOBODY: ClientChannel = {
  notify: () => undefined,
  ask: () => Promise.resolve({ error: rpcError(ErrorCode.MethodNotFound, 'There is no client to ask') }),
  onCancelled: () => undefined,
};

/** The open streams of `subscriptions/listen`: changed lists, and updates of resources (MCP 2026-07-28, subscriptions). */
@Injectable()
export class Listens implements OnModuleInit, BeforeApplicationShutdown {
  readonly #open = new Map<string, Listen>();
  readonly #slots: PrincipalSlots;
  extension: ListenExtension | undefined;

  constructor(
    private readonly streams: AnswerStreams,
    private readonly follower: CatalogueFollower,
    private readonly forwarder: UpstreamForwarder,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
    @InjectContext() private readonly context: ServiceContext,
  ) {
    const { maxListens: max, maxListensPerPrincipal: maxPerPrincipal } = config.stateless;
    this.#slots = new PrincipalSlots({ max, maxPerPrincipal });
  }

  get size(): number {
    return this.#open.size;
  }

  onModuleInit(): void {
    this.follower.onListChanged((scope, kinds) => {
      for (const { stream } of this.#open.values()) if (stream.scope === scope) stream.listsChanged(kinds);
    });
    this.follower.onServerChanged(() => this.#renew());
  }

  beforeApplicationShutdown(): void {
    for (const { stream } of this.#open.values()) stream.end();
  }

  /** Answers with a stream that stays open. @returns why it cannot be, with nothing written */
  open({ id, notifications, client, scope, response }: ListenRequest): RpcError | undefined {
    const filter = readFilter(notifications, this.config.sessions.maxSubscriptions);
    if (typeof filter === 'string') return rpcError(ErrorCode.InvalidParams, filter);
    const extended = this.extension?.listen(client, notifications as object);
    if (extended && 'error' in extended) return extended.error;
    const leave = this.#slots.take(client.principal);
    if (!leave) {
      const { max, maxPerPrincipal } = this.#slots.limits;
      const message = `As many streams of subscriptions/listen are open as may: ${max}, and ${maxPerPrincipal} of one principal`;
      return rpcError(GatewayCode.Overloaded, message, { retryable: true });
    }
    this.follower.watch(scope);
    const sessionId = newId();
    const stream = new ListenStream(id, scope, filter, new AnswerStream(response, this.streams));
    const about = { ...client, gateway: this.context.instanceId, sessionId };
    const listen: Listen = { stream, client: about, subscribed: new Map(), extended, leave };
    this.#open.set(sessionId, listen);
    response.once('close', () => this.#close(listen));
    this.#begin(listen, filter).catch((err: unknown) => {
      this.context.logger?.error({ err }, 'subscriptions/listen could not begin');
      stream.end();
    });
    return undefined;
  }

  /** Brings an update of a resource to those who listen to it. */
  take({ sessionId, server, method, params }: SessionPush): void {
    if (method !== 'notifications/resources/updated') return;
    const { uri } = (params ?? {}) as { readonly uri?: unknown };
    const one = sessionId === undefined ? undefined : this.#open.get(sessionId);
    const listens = sessionId === undefined ? this.#open.values() : one ? [one] : [];
    for (const { stream, subscribed } of listens) {
      if (subscribed.get(String(uri))?.server === server) stream.resourceUpdated(params as object);
    }
  }

  async #begin(listen: Listen, filter: ListenFilter): Promise<void> {
    const { resourceSubscriptions, ...others } = filter;
    const more = await listen.extended?.begin((method, params) => listen.stream.notify(method, params));
    const lists = { ...others, ...more };
    if (!resourceSubscriptions) return listen.stream.acknowledge(lists);
    const honoured = await Promise.all(resourceSubscriptions.map((uri) => this.#subscribe(listen, uri)));
    if (!this.#open.has(listen.client.sessionId)) return this.#forget(listen);
    const uris = resourceSubscriptions.filter((_, index) => honoured[index]);
    listen.stream.acknowledge(uris.length > 0 ? { ...lists, resourceSubscriptions: uris } : lists);
  }

  /** @returns whether the resource is there and its server reports changes */
  async #subscribe(listen: Listen, uri: string): Promise<boolean> {
    const server = this.follower.catalogue.view(listen.stream.scope).ownerOf(uri);
    if (server === undefined) return false;
    if (await this.#ask(listen, server, uri)) return true;
    listen.subscribed.delete(uri);
    return false;
  }

  async #ask({ stream, client, subscribed }: Listen, server: string, uri: string): Promise<boolean> {
    // before it is asked: an update may be quicker than the answer
    subscribed.set(uri, { server, startedBy: this.follower.catalogue.server(server)?.startedBy });
    const outcome = await this.forwarder
      .forward({
        server,
        method: 'resources/subscribe',
        params: { uri },
        caller: { via: 'mcp', client, scope: stream.scope },
        channel: NOBODY,
        deadline: this.context.ports.clock.now() + SUBSCRIBE_TIMEOUT_MS,
      })
      .catch(() => undefined);
    return outcome !== undefined && !('error' in outcome);
  }

  /** Asks servers again that an executor has connected to anew. */
  #renew(): void {
    for (const listen of this.#open.values()) {
      for (const [uri, { server, startedBy }] of listen.subscribed) {
        const entry = this.follower.catalogue.server(server);
        if (entry && entry.downSince === undefined && entry.startedBy !== startedBy)
          void this.#ask(listen, server, uri);
      }
    }
  }

  #close(listen: Listen): void {
    if (!this.#open.delete(listen.client.sessionId)) return;
    listen.leave();
    listen.extended?.end();
    this.#forget(listen);
  }

  #forget({ client, subscribed }: Listen): void {
    if (subscribed.size > 0) this.forwarder.control({ kind: 'session-closed', sessionId: client.sessionId });
  }
}
