import type { Command } from 'commander';
import type { CommonOptions, Kit } from '../../kit.js';
import { PEER_COLUMNS, peerRows, type ShownPeer } from './peer-texts.js';

interface Peers {
  readonly suite: string;
  readonly peers: readonly ShownPeer[];
}

export function addPeers(program: Command, kit: Kit): void {
  const peers = program.command('peers').description('other suites that this one shares its catalogue with');

  kit.talking(peers, 'list', 'all peers, and the id of this suite').action(async (options: CommonOptions) => {
    const { data } = await kit.api(options).get<{ data: Peers }>('registry', '/peers', {});
    kit.show(options, data, (output) => {
      output.line(`This suite is ${data.suite}.`);
      output.table(PEER_COLUMNS, peerRows(data.peers), 'No peers.');
    });
  });
}
