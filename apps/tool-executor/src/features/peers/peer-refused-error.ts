import { UpstreamProtocolError } from '@signalbox/mcp';

/** What answers is not taken for the peer, or a request may not go to it. Nothing was sent that could have done anything. */
export class PeerRefusedError extends UpstreamProtocolError {
  override readonly name = 'PeerRefusedError';
}
