import { Injectable } from '@nestjs/common';
import { executorInbox, gatewayInbox, newId, type ClientContext, type SessionPush } from '@signalbox/contracts';
import type { Inbound, UpstreamConnection } from '@signalbox/mcp';
import { InjectBus, InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { MessageBus } from '@signalbox/ports';
import { InjectExecutorConfig } from '../../executor-config.module.js';
import type { ExecutorConfig } from '../../config.js';
import { UpstreamMiddleware } from '../middleware/upstream-middleware.js';
import { EndedSessions } from './ended-sessions.js';
import { ReverseRequests } from './reverse-requests.js';

/** Sessions whose gateway is remembered; the oldest are forgotten first, and fall back to the gateway of their last request. */
const MAX_STREAMS = 100_000;

/** Brings what servers say outside of any request to the gateway that holds the client's stream. */
@Injectable()
export class SessionPushes {
  /** Session → gateway that its general stream is connected to, as far as one has said so. */
  readonly #streams = new Map<string, string>();
  readonly #ended = new EndedSessions();

  constructor(
    @InjectBus() private readonly bus: MessageBus,
    @InjectContext() private readonly context: ServiceContext,
    @InjectExecutorConfig() private readonly config: ExecutorConfig,
    private readonly reverse: ReverseRequests,
    private readonly middleware: UpstreamMiddleware,
  ) {}

  /** What is for the session outside of its requests goes to this gateway from now on. */
  streamAt(sessionId: string, gateway: string): void {
    this.#streams.delete(sessionId);
    this.#streams.set(sessionId, gateway);
    if (this.#streams.size > MAX_STREAMS) this.#streams.delete(this.#streams.keys().next().value!);
  }

  /** The session is over. */
  forget(sessionId: string): void {
    this.#streams.delete(sessionId);
    this.#ended.add(sessionId);
  }

  /** Whether the session has ended, as far as that is remembered. */
  isOver(sessionId: string): boolean {
    return this.#ended.has(sessionId);
  }

  notify(server: string, client: ClientContext, method: string, params: unknown): void {
    const passed = this.middleware.notification(server, client, method, params as Inbound['params']);
    if (passed) this.#send(client, { sessionId: client.sessionId, server, method, params: passed.params });
  }

  /** A notification, or a request whose answer comes to this executor's inbox. */
  push(server: string, client: ClientContext, connection: UpstreamConnection, message: Inbound): void {
    const { method, params } = message;
    const owner = ownerOf(client.sessionId!);
    if (!('id' in message)) return this.#pushNotification(server, client, connection, message, owner);
    const id = this.reverse.open(connection, message.id, owner, this.config.maxReverseRequests, { method, params });
    if (id === undefined) return;
    const request = { id, requestId: owner, inbox: executorInbox(this.context.instanceId) };
    this.#send(client, { sessionId: client.sessionId, server, method, params, request });
  }

  #pushNotification(
    server: string,
    client: ClientContext,
    connection: UpstreamConnection,
    { method, params }: Inbound,
    owner: string,
  ): void {
    if (method !== 'notifications/cancelled') return this.notify(server, client, method, params);
    const id = this.reverse.withdraw(connection, params?.['requestId'], owner);
    if (id === undefined) return;
    const withdraws = { id, inbox: executorInbox(this.context.instanceId) };
    this.#send(client, {
      sessionId: client.sessionId,
      server,
      method,
      params: { ...params, requestId: id },
      withdraws,
    });
  }

  #send(client: ClientContext, body: SessionPush): void {
    const gateway = (body.sessionId === undefined ? undefined : this.#streams.get(body.sessionId)) ?? client.gateway;
    this.bus
      .send(gatewayInbox(gateway), { id: newId(), type: 'session-push', body })
      .catch((error: unknown) => this.context.logger?.warn({ err: error, method: body.method }, 'a push was lost'));
  }
}

/** Under which {@link ReverseRequests} keeps what is asked of a session outside of any request. */
export const ownerOf = (sessionId: string): string => `session:${sessionId}`;
