import { oneLine } from '../../clean.js';

/** A peer as the registry answers for it; what is shown of it. */
export interface ShownPeer {
  readonly name: string;
  readonly state: string;
  readonly suite?: string;
  readonly lastContact?: string;
  readonly reason?: string;
  readonly shares: { readonly servers: readonly string[]; readonly tools: number };
}

const MAX_REASON = 70;

export const PEER_COLUMNS = ['NAME', 'STATE', 'SUITE', 'LAST CONTACT', 'TOOLS', 'SERVERS', 'NOTE'];

export function peerRows(peers: readonly ShownPeer[]): unknown[][] {
  return peers.map(({ name, state, suite = '', lastContact = '', reason = '', shares }) => [
    name,
    state,
    suite,
    lastContact,
    shares.tools,
    shares.servers.join(','),
    oneLine(reason).slice(0, MAX_REASON),
  ]);
}
