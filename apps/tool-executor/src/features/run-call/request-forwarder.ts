import { Injectable } from '@nestjs/common';
import type { ExecuteReply } from '@signalbox/contracts';
import { ErrorCode, rpcError } from '@signalbox/mcp';
import type { UpstreamServer } from '../connections/upstream-server.js';
import { failureOf } from './failure.js';
import type { RunningRequest } from './running-request.js';
import { UpstreamSender } from './upstream-sender.js';

/** Sends on every request that is not a tool call; these leave no trace in the log. */
@Injectable()
export class RequestForwarder {
  constructor(private readonly sender: UpstreamSender) {}

  async forward(server: UpstreamServer, request: RunningRequest): Promise<ExecuteReply> {
    switch (request.command.method) {
      case 'resources/subscribe':
        return this.#subscribe(server, request);
      case 'resources/unsubscribe':
        return this.#unsubscribe(server, request);
      default:
        return this.#send(server, request);
    }
  }

  async #send(server: UpstreamServer, request: RunningRequest): Promise<ExecuteReply> {
    try {
      const outcome = await this.sender.send(server, request);
      if ('error' in outcome) return { ok: false, error: outcome.error, retryable: false };
      const level = request.command.params?.['level'];
      if (request.command.method === 'logging/setLevel' && typeof level === 'string') request.pooled!.logLevel = level;
      return { ok: true, result: outcome.result };
    } catch (error) {
      const failure = failureOf(error, server.name, 'read');
      return { ok: false, error: failure.error, retryable: failure.retryable };
    }
  }

  async #subscribe(server: UpstreamServer, request: RunningRequest): Promise<ExecuteReply> {
    const { client, params } = request.command;
    const uri = params?.['uri'];
    if (client.sessionId === undefined || typeof uri !== 'string') return refused(client.sessionId);
    const isFirst = server.subscriptions.add(client, client.sessionId, uri);
    const reply = await this.#send(server, request);
    if (!reply.ok) {
      server.subscriptions.remove(client.sessionId, uri);
      return reply;
    }
    request.pooled!.subscriptions.add(uri);
    if (isFirst && (server.isProcess || server.balanced)) await server.subscribeOthers(uri, request.pooled!);
    return reply;
  }

  async #unsubscribe(server: UpstreamServer, request: RunningRequest): Promise<ExecuteReply> {
    const { client, params } = request.command;
    const uri = params?.['uri'];
    if (client.sessionId === undefined || typeof uri !== 'string') return refused(client.sessionId);
    const isLast = server.subscriptions.remove(client.sessionId, uri);
    if (!server.isShared) {
      const reply = await this.#send(server, request);
      request.pooled?.subscriptions.delete(uri);
      return reply;
    }
    // others still want to hear of it from the same process
    if (isLast) await server.unsubscribeAll(uri);
    return { ok: true, result: {} };
  }
}

function refused(sessionId: string | undefined): ExecuteReply {
  const error =
    sessionId === undefined
      ? rpcError(ErrorCode.InvalidRequest, 'subscriptions need a session: send initialize first')
      : rpcError(ErrorCode.InvalidParams, '"params.uri" must be a string');
  return { ok: false, error, retryable: false };
}
