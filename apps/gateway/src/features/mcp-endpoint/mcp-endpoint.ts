import { Injectable } from '@nestjs/common';
import { suiteOfScope } from '@signalbox/contracts';
import { ErrorCode, rpcError } from '@signalbox/mcp';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayConfig } from '../../config.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import { FrontGuard } from '../auth/front-guard.js';
import { PeerDoor } from '../federation/peer-door.js';
import { answerCors } from './cors.js';
import { Eras } from './eras.js';
import { endpointPath } from './endpoint-path.js';
import type { IncomingPlain } from './incoming.js';
import { KnownServers } from './known-servers.js';
import { readPost } from './post-reader.js';
import { refuse } from './refuse.js';

/** `/mcp`, `/servers/:server/mcp` and `/peers/:suite/mcp`, straight on the HTTP server. */
@Injectable()
export class McpEndpoint {
  constructor(
    private readonly guard: FrontGuard,
    private readonly servers: KnownServers,
    private readonly peers: PeerDoor,
    private readonly eras: Eras,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
  ) {}

  /** @returns true when it has taken the request */
  readonly handle = (request: IncomingMessage, response: ServerResponse): boolean => {
    const path = endpointPath(request.url ?? '');
    if (!path) return false;
    this.#serve(request, response, path.scope).catch(() => {
      refuse(response, 500, rpcError(ErrorCode.InternalError, 'Internal error'));
    });
    return true;
  };

  async #serve(request: IncomingMessage, response: ServerResponse, scope: string | undefined): Promise<void> {
    // before identity: a preflight carries none, and a page must be able to read why it was refused
    if (request.headers.origin !== undefined && this.guard.admitsOrigin(request) && answerCors(request, response))
      return;
    const principal = this.guard.admit(request, response, true);
    if (principal === undefined) return;
    const peer = suiteOfScope(scope);
    if (peer !== undefined) {
      const refused = await this.peers.refusalOf(peer);
      if (refused) return refuse(response, refused.status, refused.error);
    } else if (scope !== undefined) {
      const unknown = this.servers.refusalOf(scope);
      if (unknown) return refuse(response, 404, unknown);
    }
    const incoming: IncomingPlain = { request, response, principal, scope };
    switch (request.method) {
      case 'POST':
        return this.#post(incoming);
      case 'GET':
      case 'DELETE':
        return this.eras.plain(incoming);
      default:
        return refuse(response, 405, rpcError(ErrorCode.ConnectionClosed, 'Use POST, GET or DELETE'), null, {
          allow: 'GET, POST, DELETE',
        });
    }
  }

  #post(incoming: IncomingPlain): void {
    const { request, response } = incoming;
    readPost(request, response, this.config.http.maxBodyBytes, (post) => {
      this.eras.post({ ...incoming, ...post });
    });
  }
}
