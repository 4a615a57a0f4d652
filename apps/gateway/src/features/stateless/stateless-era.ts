import { Injectable } from '@nestjs/common';
import type { ClientContext } from '@signalbox/contracts';
import {
  ErrorCode,
  isStatelessRevision,
  metaOf,
  readStatelessRequest,
  rpcError,
  StatelessTurn,
  unsupportedVersion,
  withoutRequestMeta,
  type Params,
  type RpcRequest,
  type StatelessClient,
} from '@signalbox/mcp';
import { GatewayCode } from '../../errors.js';
import type { IncomingPost } from '../mcp-endpoint/incoming.js';
import { refuse } from '../mcp-endpoint/refuse.js';
import { GatewayMiddleware } from '../middleware/gateway-middleware.js';
import { digestOf } from '../parked/request-state.js';
import { unknownMethod } from './era-methods.js';
import { RequestChecks } from './request-checks.js';
import { StatelessRunner } from './stateless-runner.js';
import { StatelessSurroundings } from './stateless-surroundings.js';
import { MAY_ASK } from './wire-answers.js';

type Client = Omit<ClientContext, 'gateway'>;

const LISTEN = 'subscriptions/listen';

/** POST of an endpoint without sessions: MCP 2026-07-28. Every request says by itself whose it is and what the client can do. */
@Injectable()
export class StatelessEra {
  constructor(
    private readonly runner: StatelessRunner,
    private readonly checks: RequestChecks,
    private readonly surroundings: StatelessSurroundings,
    private readonly middleware: GatewayMiddleware,
  ) {}

  post(incoming: IncomingPost): void {
    const { message, request, response } = incoming;
    if (message.kind === 'response') {
      const error = rpcError(ErrorCode.InvalidRequest, 'Responses are not sent by clients: retry with inputResponses');
      return refuse(response, 400, error);
    }
    if (message.kind === 'request') return this.#request(incoming, message.message);
    // none of them means anything here: a request is taken back by closing its connection
    const version = request.headers['mcp-protocol-version'];
    if (isStatelessRevision(version)) response.writeHead(202).end();
    else refuse(response, 400, unsupportedVersion(version ?? null));
  }

  #request(incoming: IncomingPost, message: RpcRequest): void {
    const { request, response, scope } = incoming;
    const { id, method } = message;
    if (this.runner.draining) {
      const error = rpcError(GatewayCode.ShuttingDown, 'The gateway is shutting down', { retryable: true });
      return refuse(response, 503, error, id, { 'retry-after': '1' });
    }
    const read = readStatelessRequest(method, message.params, request.headers);
    if (!read.ok) return refuse(response, 400, read.error, id);
    if (method !== LISTEN && !this.surroundings.has(method)) {
      return refuse(response, 404, unknownMethod(method), id);
    }
    const params = withoutRequestMeta(message.params);
    if (method === 'tools/call') {
      const fault = this.checks.headerFault(params, scope, request.headers);
      if (fault) return refuse(response, 400, fault, id);
    }
    const { principal } = incoming;
    const client = { ...clientOf(read.client), principal };
    if (method === LISTEN) return void this.#listen(incoming, message, client);
    this.#run(incoming, message, params, client);
  }

  async #listen(incoming: IncomingPost, { id, method, params }: RpcRequest, client: Client): Promise<void> {
    const { accepted, request, response, scope } = incoming;
    if (!accepted.stream) {
      const error = rpcError(ErrorCode.ConnectionClosed, `${LISTEN} is answered as text/event-stream: accept it`);
      return refuse(response, 406, error, id);
    }
    let isOpen = false;
    const { principal } = client;
    const outcome = await this.middleware.request(
      { method, params },
      { principal, scope, headers: request.headers },
      (seen) => {
        // while middleware was asked, the client may have gone
        if (response.destroyed) return { result: {} };
        const notifications = seen?.['notifications'];
        const error = this.surroundings.listens.open({ id, notifications, client, scope, response });
        isOpen = error === undefined;
        return error ? { error } : { result: {} };
      },
    );
    if (isOpen || response.destroyed) return;
    const error =
      'error' in outcome ? outcome.error : rpcError(ErrorCode.InternalError, `${LISTEN} has no such answer`);
    refuse(response, error.code === ErrorCode.MissingCapability ? 400 : 200, error, id);
  }

  #run(incoming: IncomingPost, message: RpcRequest, params: Params | undefined, client: Client): void {
    const { request, response, accepted, bytes, scope } = incoming;
    const { id, method } = message;
    const { answers, streams, clock, gateway } = this.surroundings;
    const { capabilities = {}, principal } = client;
    const meta = metaOf(params);
    const turn = new StatelessTurn(response, {
      id,
      accepted,
      progressToken: tokenOf(meta?.['progressToken']),
      startedAt: clock.now(),
      open: streams.open,
      maxQueuedBytes: streams.maxQueuedBytes,
      answer: (outcome) => answers.of({ id, method, capabilities }, outcome),
    });
    const refusal = this.surroundings.refusalOf(method);
    if (refusal) return turn.finish({ error: refusal });
    const header = request.headers['traceparent'];
    const traceparent = typeof header === 'string' ? header : meta?.['traceparent'];
    const execution = {
      ...{ message, params, turn, bytes, headers: request.headers },
      caller: { via: 'mcp' as const, client: { ...client, gateway }, scope },
      traceparent: typeof traceparent === 'string' ? traceparent : undefined,
    };
    const state = MAY_ASK.has(method) ? params?.['requestState'] : undefined;
    if (typeof state === 'string') {
      const owner = this.checks.ownerOfState(state, method, params!, scope);
      if (typeof owner === 'object') return turn.finish({ error: owner });
      if (owner === 'gateway') {
        const binding = { principal, digest: digestOf(method, params, scope) };
        const inputResponses = responsesOf(params!['inputResponses']);
        return this.runner.resume({ state, binding, inputResponses }, execution);
      }
    }
    this.runner.run(execution);
  }
}

function clientOf({ protocolVersion, info, capabilities, logLevel }: StatelessClient): Omit<Client, 'principal'> {
  return {
    protocolVersion,
    capabilities,
    ...(info === undefined ? {} : { info }),
    ...(logLevel === undefined ? {} : { logLevel }),
  };
}

function tokenOf(token: unknown): string | number | undefined {
  return typeof token === 'string' || typeof token === 'number' ? token : undefined;
}

function responsesOf(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : {};
}
