import { Injectable } from '@nestjs/common';
import type { RpcError } from '@signalbox/contracts';
import {
  ErrorCode,
  negotiateRevision,
  rpcError,
  sendJson,
  successText,
  type Params,
  type RpcRequest,
} from '@signalbox/mcp';
import type { MessageOutcome } from '@signalbox/middleware';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { Tracer } from '@signalbox/ports';
import { GatewayCode, rpcErrorOf, saysRetryable } from '../../errors.js';
import { CatalogueFollower } from '../catalogue/catalogue-follower.js';
import { GatewayMiddleware } from '../middleware/gateway-middleware.js';
import { Suite } from '../federation/suite.js';
import type { IncomingPost } from './incoming.js';
import { describeGateway } from './initialize-answer.js';
import { refuse } from './refuse.js';
import { Sessions } from './sessions.js';

const MAX_NAME = 200;
const MAX_CAPABILITIES = 65_536;

/** Answers `initialize`: negotiates the revision and opens a session. */
@Injectable()
export class Initializer {
  readonly #tracer: Tracer;

  constructor(
    private readonly sessions: Sessions,
    private readonly follower: CatalogueFollower,
    private readonly suite: Suite,
    private readonly middleware: GatewayMiddleware,
    @InjectContext() private readonly context: ServiceContext,
  ) {
    this.#tracer = context.ports.telemetry.tracer(context.service, context.instanceId);
  }

  /** @param parent `traceparent` of the request */
  async initialize(incoming: IncomingPost, request: RpcRequest, parent: string | undefined): Promise<void> {
    if (!this.#tracer.records(parent)) return void (await this.#open(incoming, request));
    const attributes = { 'mcp.method.name': 'initialize', 'jsonrpc.request.id': String(request.id).slice(0, MAX_NAME) };
    const span = this.#tracer.startSpan('initialize', { kind: 'server', parent, attributes });
    const error = await this.#open(incoming, request);
    if (error) {
      span.setAttribute('error.type', String(error.code));
      span.fail(error.message);
    }
    span.end();
  }

  /** Never rejects. @returns the error that was answered */
  async #open(incoming: IncomingPost, { id, method, params }: RpcRequest): Promise<RpcError | undefined> {
    const { request, response, principal, scope } = incoming;
    let opened: Opened = { status: 200, headers: {} };
    const from = { principal, scope, headers: request.headers };
    const outcome = await this.middleware.request({ method, params }, from, async (seen) => {
      const answer = await this.#answer(incoming, seen);
      opened = answer;
      return answer.outcome;
    });
    const { status, headers } = opened;
    if ('error' in outcome) {
      refuse(response, status, outcome.error, id, headers);
      return outcome.error;
    }
    sendJson(response, status, successText(id, outcome.result as object), headers);
    return undefined;
  }

  async #answer(
    { principal, scope }: IncomingPost,
    params: Params | undefined,
  ): Promise<Opened & { readonly outcome: MessageOutcome }> {
    const refused = (status: number, error: RpcError, headers: Opened['headers'] = {}) => ({
      status,
      headers,
      outcome: { error },
    });
    const fault = faultOf(params);
    if (fault !== undefined) return refused(200, rpcError(ErrorCode.InvalidParams, fault));
    const { protocolVersion: asked, capabilities = {}, clientInfo } = params as Record<string, unknown>;
    const protocolVersion = negotiateRevision(asked);
    try {
      const session = await this.sessions.open({
        principal,
        scope,
        protocolVersion,
        info: implementationOf(clientInfo),
        capabilities: capabilities as Record<string, unknown>,
      });
      if (!session) {
        const error = rpcError(GatewayCode.Overloaded, 'There are as many sessions as there may be; try again later', {
          retryable: true,
        });
        return refused(503, error, { 'retry-after': '5' });
      }
      this.follower.watch(scope);
      const about = describeGateway(this.follower.catalogue, scope, this.context.version, this.suite.known);
      const headers = { 'mcp-session-id': session.wireId };
      return { status: 200, headers, outcome: { result: { protocolVersion, ...about } } };
    } catch (cause) {
      const error = rpcErrorOf(cause, 'signalbox', (err) => this.context.logger?.error({ err }, 'initialize'));
      return refused(saysRetryable(error) ? 503 : 500, error);
    }
  }
}

/** What an answer to `initialize` has beside its body. */
interface Opened {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

function faultOf(params: RpcRequest['params']): string | undefined {
  if (typeof params?.['protocolVersion'] !== 'string') return '"protocolVersion" must be a string';
  const { capabilities = {} } = params;
  if (typeof capabilities !== 'object' || capabilities === null || Array.isArray(capabilities)) {
    return '"capabilities" must be an object';
  }
  if (JSON.stringify(capabilities).length > MAX_CAPABILITIES) {
    return `"capabilities" may have at most ${MAX_CAPABILITIES} characters`;
  }
  return undefined;
}

/** Clients that do not say who they are are served too. */
function implementationOf(info: unknown): { name: string; version: string } {
  const { name, version } = (typeof info === 'object' && info !== null ? info : {}) as Record<string, unknown>;
  const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, MAX_NAME) : 'unknown');
  return { name: text(name), version: text(version) };
}
