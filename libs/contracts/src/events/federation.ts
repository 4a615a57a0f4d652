import * as z from 'zod';
import { SUITE_ID } from '../federation.js';
import { defineEvent } from './define.js';

const suite = z.string().regex(SUITE_ID);
const link = {
  /** What this suite calls the peer: the name of its entry in `mcpServers`. */
  peer: z.string(),
  executor: z.string(),
};

/** The first event of the stream `suite`: whoever comes first gives the suite its id, which it has as long as its log. */
export const suiteNamed = defineEvent({
  type: 'suite.named',
  title: 'SuiteNamed',
  owners: ['gateway', 'tool-executor', 'registry'],
  schema: z.object({ suite }),
});

/** Another suite is there, is the one that it should be, and its catalogue was read. */
export const peerConnected = defineEvent({
  type: 'peer.connected',
  title: 'PeerConnected',
  owners: ['tool-executor'],
  schema: z.object({
    ...link,
    suite,
    /** Without what may be secret in it. */
    url: z.string(),
    protocolVersion: z.string(),
    /** Of Signalbox, as the peer says. */
    version: z.string(),
  }),
});

/** A peer that was connected is no longer. */
export const peerLost = defineEvent({
  type: 'peer.lost',
  title: 'PeerLost',
  owners: ['tool-executor'],
  schema: z.object({ ...link, suite, reason: z.string() }),
});

/** Something answers where the peer should be, and is not taken for it: no suite, another suite, or this very suite. */
export const peerRefused = defineEvent({
  type: 'peer.refused',
  title: 'PeerRefused',
  owners: ['tool-executor'],
  schema: z.object({ ...link, suite: suite.optional(), reason: z.string() }),
});

export const federationEvents = [suiteNamed, peerConnected, peerLost, peerRefused] as const;
