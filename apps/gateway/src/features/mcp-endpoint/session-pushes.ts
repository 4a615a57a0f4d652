import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { EXECUTOR_CONTROL, gatewayInbox, type ExecutorControl, type SessionPush } from '@signalbox/contracts';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { Consumer } from '@signalbox/ports';
import { CatalogueFollower } from '../catalogue/catalogue-follower.js';
import type { ListKind } from '../catalogue/catalogue-view.js';
import { passesLevel } from '../forward/log-level.js';
import { sendAnswer } from '../forward/relay-part.js';
import { Listens } from '../listen/listens.js';
import { GatewayMiddleware } from '../middleware/gateway-middleware.js';
import type { Session } from './session.js';
import { Sessions } from './sessions.js';

const QUESTION_TIMEOUT_MS = 60_000;
const LIST_CHANGED: Readonly<Record<ListKind, string>> = {
  tools: 'notifications/tools/list_changed',
  prompts: 'notifications/prompts/list_changed',
  resources: 'notifications/resources/list_changed',
  resourceTemplates: 'notifications/resources/list_changed',
};

/** Brings to the sessions what no request of theirs is about: changed lists, and what servers say of themselves. */
@Injectable()
export class SessionPushes implements OnModuleInit, BeforeApplicationShutdown {
  #consumers: Consumer[] = [];

  constructor(
    private readonly sessions: Sessions,
    private readonly follower: CatalogueFollower,
    private readonly listens: Listens,
    private readonly middleware: GatewayMiddleware,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  async onModuleInit(): Promise<void> {
    this.follower.onListChanged((scope, kinds) => {
      const methods = new Set([...kinds].map((kind) => LIST_CHANGED[kind]));
      const now = this.context.ports.clock.now();
      for (const session of this.sessions.table.all()) {
        if (session.scope === scope) for (const method of methods) session.push(method, undefined, now);
      }
    });
    const { bus } = this.context.ports;
    const inbox = gatewayInbox(this.context.instanceId);
    this.#consumers = await Promise.all([
      bus.consume({ name: inbox, exclusive: true, prefetch: 256 }, ({ body }) => {
        this.#take(body as SessionPush);
        return 'ack';
      }),
      bus.consume({ name: `${inbox}.control`, topics: [EXECUTOR_CONTROL], exclusive: true }, ({ body }) => {
        this.#hear(body as ExecutorControl);
        return 'ack';
      }),
    ]);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.cancel()));
  }

  /** What other gateways tell of sessions that this one has too. */
  #hear(control: ExecutorControl): void {
    if (control.kind !== 'session-closed' && control.kind !== 'client-message') return;
    const session = this.sessions.table.byId(control.sessionId);
    if (!session) return;
    if (control.kind === 'session-closed') return void this.sessions.table.forget(session, 'closed elsewhere');
    const { message } = control;
    if ('cancelled' in message) return session.running(message.cancelled)?.cancel(message.reason);
    const { answered, error, result } = message;
    session.answer(answered, error ? { error } : { result });
  }

  #take(push: SessionPush): void {
    if (push.request) return this.#ask(push, push.request);
    if (push.withdraws) return this.#withdraw(push, push.withdraws);
    // changes of lists come from the log, and only when they are real
    if (push.method.endsWith('/list_changed') || push.method === 'notifications/progress') return;
    const { uri } = (push.params ?? {}) as { readonly uri?: unknown };
    const isUpdate = push.method === 'notifications/resources/updated' && typeof uri === 'string';
    if (isUpdate) this.follower.takeUpdate(push.server, uri);
    const passed = this.middleware.push(push.method, push.params as object | undefined, push.server, push.sessionId);
    if (!passed) return;
    const { params } = passed;
    const told = params === push.params ? push : { ...push, params };
    this.listens.take(told);
    const now = this.context.ports.clock.now();
    for (const session of this.#receivers(told)) session.push(push.method, params, now);
  }

  #receivers(push: SessionPush): readonly Session[] {
    const { sessionId, server, method } = push;
    const params = (push.params ?? {}) as { readonly uri?: unknown; readonly level?: unknown };
    const wants = ({ caller }: Session): boolean =>
      method !== 'notifications/message' || passesLevel(params.level, caller.client.logLevel);
    if (sessionId !== undefined) {
      const session = this.sessions.table.byId(sessionId);
      return session && wants(session) ? [session] : [];
    }
    return [...this.sessions.table.all()].filter((session) => {
      if (session.scope !== undefined && session.scope !== server) return false;
      if (method === 'notifications/resources/updated') return session.subscriptions.get(String(params.uri)) === server;
      // what a server logs for nobody in particular goes to those who asked for logs
      return method === 'notifications/message' && session.caller.client.logLevel !== undefined && wants(session);
    });
  }

  #ask(push: SessionPush, { id, requestId, inbox }: NonNullable<SessionPush['request']>): void {
    const session = push.sessionId === undefined ? undefined : this.sessions.table.byId(push.sessionId);
    const outcome = session
      ? session.askOnGeneral(push.method, push.params as object | undefined, {
          timeoutMs: QUESTION_TIMEOUT_MS,
          name: nameOf({ id, inbox }),
        })
      : Promise.resolve({ error: { code: -32601, message: 'There is no client to ask' } });
    void outcome.then((answer) => sendAnswer(this.context.ports.bus, inbox, requestId, id, answer));
  }

  /** A server no longer wants an answer to what it asked outside of any request. */
  #withdraw({ sessionId, params }: SessionPush, question: NonNullable<SessionPush['withdraws']>): void {
    const { reason } = (params ?? {}) as { readonly reason?: unknown };
    const session = sessionId === undefined ? undefined : this.sessions.table.byId(sessionId);
    session?.withdraw(nameOf(question), typeof reason === 'string' ? reason : undefined);
  }
}

/** Executors count their questions each for itself. */
function nameOf({ id, inbox }: { readonly id: string; readonly inbox: string }): string {
  return `${inbox} ${id}`;
}
