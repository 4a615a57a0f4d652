import { Injectable } from '@nestjs/common';
import { ErrorCode, isOfStatelessEra, isStatelessMessage, rpcError } from '@signalbox/mcp';
import { StatelessEra } from '../stateless/stateless-era.js';
import type { IncomingPlain, IncomingPost } from './incoming.js';
import { refuse } from './refuse.js';
import { SessionEra } from './session-era.js';
import { SessionStreams } from './session-streams.js';

/** The two eras of the protocol on one endpoint; each request is of the one that it shows itself to be of. */
@Injectable()
export class Eras {
  constructor(
    private readonly stateless: StatelessEra,
    private readonly sessions: SessionEra,
    private readonly streams: SessionStreams,
  ) {}

  post(incoming: IncomingPost): void {
    const { message, response } = incoming;
    const params = message.kind === 'response' ? undefined : message.message.params;
    if (isStatelessMessage(params, versionOf(incoming))) return this.stateless.post(incoming);
    this.sessions.post(incoming).catch(() => {
      refuse(response, 500, rpcError(ErrorCode.InternalError, 'Internal error'));
    });
  }

  /** GET and DELETE, which only sessions have. */
  async plain(incoming: IncomingPlain): Promise<void> {
    if (!isOfStatelessEra(versionOf(incoming))) {
      return incoming.request.method === 'GET' ? this.streams.get(incoming) : this.streams.delete(incoming);
    }
    refuse(incoming.response, 405, rpcError(ErrorCode.ConnectionClosed, 'This revision of MCP has POST only'), null, {
      allow: 'POST',
    });
  }
}

function versionOf({ request }: IncomingPlain): string | undefined {
  const header = request.headers['mcp-protocol-version'];
  return typeof header === 'string' ? header : undefined;
}
