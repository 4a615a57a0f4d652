import { Injectable } from '@nestjs/common';
import { ErrorCode, negotiateRevision, rpcError, sendJson, successText, type RpcRequest } from '@signalbox/mcp';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import { GatewayCode, rpcErrorOf, saysRetryable } from '../../errors.js';
import { CatalogueFollower } from '../catalogue/catalogue-follower.js';
import type { IncomingPost } from './incoming.js';
import { describeGateway } from './initialize-answer.js';
import { refuse } from './refuse.js';
import { Sessions } from './sessions.js';

const MAX_NAME = 200;
const MAX_CAPABILITIES = 65_536;

/** Answers `initialize`: negotiates the revision and opens a session. */
@Injectable()
export class Initializer {
  constructor(
    private readonly sessions: Sessions,
    private readonly follower: CatalogueFollower,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  async initialize({ response, principal, scope }: IncomingPost, { id, params }: RpcRequest): Promise<void> {
    const fault = faultOf(params);
    if (fault !== undefined) return refuse(response, 200, rpcError(ErrorCode.InvalidParams, fault), id);
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
        return refuse(response, 503, error, id, { 'retry-after': '5' });
      }
      this.follower.watch(scope);
      const about = describeGateway(this.follower.catalogue, scope, this.context.version);
      sendJson(response, 200, successText(id, { protocolVersion, ...about }), { 'mcp-session-id': session.wireId });
    } catch (cause) {
      const error = rpcErrorOf(cause, 'signalbox', (err) => this.context.logger?.error({ err }, 'initialize'));
      refuse(response, saysRetryable(error) ? 503 : 500, error, id);
    }
  }
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
