import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { ClientContext } from '@signalbox/contracts';
import {
  CancelledError,
  DeadlineError,
  ErrorCode,
  UpstreamClosedError,
  type CallerMeta,
  type Params,
  type RpcOutcome,
} from '@signalbox/mcp';
import { InjectTracer } from '@signalbox/nest-kit';
import type { Span, Tracer } from '@signalbox/ports';
import type { ExecutorConfig } from '../../config.js';
import { InjectExecutorConfig } from '../../executor-config.module.js';
import type { UpstreamServer } from '../connections/upstream-server.js';
import { contextOf, UpstreamMiddleware } from '../middleware/upstream-middleware.js';
import type { PooledConnection } from '../pools/pooled-connection.js';
import { PoolExhaustedError } from '../pools/slot.js';
import { InputRounds } from './input-rounds.js';
import { Resending } from './resending.js';
import type { RunningRequest } from './running-request.js';

const SET_LEVEL_TIMEOUT_MS = 5_000;
const CANCEL_TIMEOUT_MS = 5_000;
const DEFAULT_LOG_LEVEL = 'info';
const NO_CONNECTION = 'the deadline passed before a connection was free';

/** Brings one request to its server over a connection of the pool. */
@Injectable()
export class UpstreamSender {
  constructor(
    @InjectExecutorConfig() private readonly config: ExecutorConfig,
    @InjectTracer() private readonly tracer: Tracer,
    private readonly middleware: UpstreamMiddleware,
    private readonly resending: Resending,
  ) {}

  /**
   * Tries further connections as long as the server cannot have seen the request; also when it has, where it does no harm
   * and the connection was lost.
   * @param beforeFirst runs once, when a connection is there and nothing was sent
   * @throws what {@link UpstreamConnection.request} throws, or PoolExhaustedError
   */
  async send(server: UpstreamServer, request: RunningRequest, beforeFirst?: () => Promise<void>): Promise<RpcOutcome> {
    const { client, requestId } = request.command;
    // kept from try to try: what the client has answered need not be asked again
    let rounds: InputRounds | undefined;
    for (let tries = 0; ; tries++) {
      try {
        const leased = server.lease(client, request.deadline, requestId, request);
        const slot = leased instanceof Promise ? await leased.catch((error) => notMade(error, request)) : leased;
        const pooled = slot.resource;
        pooled.holder = client;
        request.pooled = pooled;
        try {
          const isModern = pooled.connection.dialect.era === 'modern';
          request.caller = isModern ? callerOf(pooled, client) : undefined;
          if (!isModern && client.logLevel !== undefined && pooled.logLevel !== client.logLevel)
            await setLogLevel(pooled, client.logLevel);
          if (request.cancelled !== undefined) throw new CancelledError(request.cancelled);
          if (Date.now() >= request.deadline) throw new DeadlineError(NO_CONNECTION);
          if (request.phase === 'waiting') {
            if (beforeFirst) await beforeFirst();
            request.phase = 'running';
            if (request.cancelled !== undefined) throw new CancelledError(request.cancelled);
          }
          const outcome = isModern
            ? await this.#inRounds(
                server,
                pooled,
                request,
                (rounds ??= new InputRounds(request, this.config.maxInputRounds)),
              )
            : await this.#legacy(server, pooled, request);
          server.balanced?.settled(pooled, undefined);
          return outcome;
        } catch (error) {
          if (pooled.url !== undefined) {
            server.balanced?.settled(pooled, error);
            (request.avoided ??= new Set()).add(pooled.url);
          }
          throw error;
        } finally {
          server.pool.release(slot);
        }
      } catch (error) {
        if (error instanceof PoolExhaustedError && Date.now() >= request.deadline)
          throw new DeadlineError(NO_CONNECTION);
        const waitMs = await this.resending.after(error, tries, server, request);
        if (waitMs === undefined) throw error;
        if (waitMs > 0) await pause(waitMs);
      }
    }
  }

  /** To a modern server, as often as it needs input that its client has to be asked for. */
  async #inRounds(
    server: UpstreamServer,
    pooled: PooledConnection,
    request: RunningRequest,
    rounds: InputRounds,
  ): Promise<RpcOutcome> {
    for (let mayRefresh = true; ;) {
      const outcome = await this.#request(server, pooled, request, rounds.params);
      if (mayRefresh && 'error' in outcome && outcome.error.code === ErrorCode.HeaderMismatch) {
        // the tool has come to want other headers; nothing has been done yet
        mayRefresh = false;
        await server.refreshToolHeaders(pooled.connection);
        continue;
      }
      const answer = await rounds.take(outcome);
      if (answer) return answer;
    }
  }

  /** To a server of the older era; a tool that is only there as a task of its server is called as one, and waited for. */
  #legacy(server: UpstreamServer, pooled: PooledConnection, request: RunningRequest): Promise<RpcOutcome> {
    const { params, call } = request.command;
    if (call?.asServerTask && makesTasks(pooled)) return this.#asTask(server, pooled, request);
    return this.#request(server, pooled, request, params);
  }

  async #asTask(server: UpstreamServer, pooled: PooledConnection, request: RunningRequest): Promise<RpcOutcome> {
    const { params } = request.command;
    const ttl = Math.max(1, request.deadline - Date.now());
    const made = await this.#request(server, pooled, request, { ...params, task: { ttl } });
    const { task } = (('result' in made ? made.result : undefined) ?? {}) as { readonly task?: { taskId?: unknown } };
    const taskId = task?.taskId;
    if (typeof taskId !== 'string') return made;
    const { connection } = pooled;
    try {
      // answers when the task is over; until then questions and progress of the task come by it
      return await connection.request('tasks/result', { taskId, _meta: params?.['_meta'] }, request);
    } catch (error) {
      if (error instanceof CancelledError || error instanceof DeadlineError) cancelTask(pooled, taskId);
      throw error;
    }
  }

  async #request(
    server: UpstreamServer,
    pooled: PooledConnection,
    request: RunningRequest,
    params: Params | undefined,
  ): Promise<RpcOutcome> {
    const { method, call, traceparent: parent } = request.command;
    const { initialize } = pooled.connection;
    const span = this.tracer.startSpan(call ? `${method} ${call.tool}` : method, {
      kind: 'client',
      parent,
      attributes: this.tracer.records(parent)
        ? {
            'mcp.method.name': method,
            'mcp.protocol.version': initialize.protocolVersion,
            'network.transport': server.definition.target.kind === 'stdio' ? 'pipe' : 'tcp',
            'signalbox.server': server.name,
            ...(pooled.url === undefined ? {} : { 'server.address': new URL(pooled.url).host }),
            ...(call ? { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': call.tool } : {}),
          }
        : undefined,
    });
    const { traceparent } = span;
    const send = (sent: Params | undefined): Promise<RpcOutcome> => {
      const mirrored = call ? server.toolHeaders.of(call.tool, sent?.['arguments']) : undefined;
      request.headers = mirrored ? { ...mirrored, traceparent } : { traceparent };
      const traced = withTraceContext(sent, span);
      const stamped = server.peer ? server.peer.stamp(traced, request.deadline) : traced;
      return pooled.connection.request(method, stamped, request);
    };
    const chain = this.middleware.request(method);
    try {
      const outcome = chain
        ? await chain({ method, params }, contextOf(server.name, request.command.client), (changed) =>
            send(changed.params),
          )
        : await send(params);
      if ('error' in outcome) {
        span.setAttribute('error.type', String(outcome.error.code));
        span.fail(outcome.error.message);
      }
      return outcome;
    } catch (error) {
      span.setAttribute('error.type', (error as Error).name);
      span.fail((error as Error).message);
      throw error;
    } finally {
      span.end();
    }
  }
}

/** A server whose connection could not be made has seen nothing of the request, however far that came. */
function notMade(error: unknown, { deadline }: RunningRequest): never {
  const isTooSlow = error instanceof DeadlineError && Date.now() < deadline;
  if (!isTooSlow && !(error instanceof UpstreamClosedError)) throw error;
  throw new UpstreamClosedError(error.message, false);
}

function makesTasks({ connection }: PooledConnection): boolean {
  const { tasks } = connection.initialize.capabilities as {
    readonly tasks?: { readonly requests?: { readonly tools?: { readonly call?: unknown } } };
  };
  return tasks?.requests?.tools?.call !== undefined;
}

/** Nobody waits for it: the task has a time to live. */
function cancelTask({ connection }: PooledConnection, taskId: string): void {
  connection.request('tasks/cancel', { taskId }, { deadline: Date.now() + CANCEL_TIMEOUT_MS }).catch(() => undefined);
}

/** The client's own `_meta` with our place in the trace (SEP-414). */
function withTraceContext(params: Params | undefined, { traceparent }: Span): Params {
  const meta = params?.['_meta'] as object | undefined;
  return { ...params, _meta: { ...meta, traceparent } };
}

/**
 * For whom a modern server works. What a client of the legacy era hears without having asked for a level is left to the
 * server (2025-11-25, logging): that is everything from `info` on.
 */
function callerOf({ connection }: PooledConnection, client: ClientContext): CallerMeta {
  const { sessionId, logLevel } = client;
  const hasLogs = sessionId !== undefined && connection.initialize.capabilities['logging'] !== undefined;
  return logLevel === undefined && hasLogs ? { ...client, logLevel: DEFAULT_LOG_LEVEL } : client;
}

async function setLogLevel(pooled: PooledConnection, level: string): Promise<void> {
  pooled.logLevel = level;
  if (pooled.connection.initialize.capabilities['logging'] === undefined) return;
  // a server that refuses goes on as it was: a call does not fail for its logs
  await pooled.connection
    .request('logging/setLevel', { level }, { deadline: Date.now() + SET_LEVEL_TIMEOUT_MS })
    .catch(() => undefined);
}
