import { originOf, type EventData, type RecordedEvent } from '@signalbox/contracts';
import * as z from 'zod';
import type { KnownServer } from '../servers/server-views.js';

export const PEER_STATES = ['connected', 'lost', 'refused', 'waiting', 'stopped'] as const;

export const peerAnswerSchema = z.object({
  name: z.string().describe('What this suite calls it'),
  state: z
    .enum(PEER_STATES)
    .describe('`refused`: something else answers; `waiting`: it has never answered; `stopped`: by an operator'),
  suite: z.string().optional().describe('The id of the suite that answered last'),
  url: z.string().optional(),
  version: z.string().optional().describe('Of its Signalbox'),
  protocolVersion: z.string().optional(),
  connectedAt: z.string().optional().describe('When it was last connected'),
  lastContact: z
    .string()
    .optional()
    .describe('When the log last heard of it: connected, lost, refused, or its catalogue'),
  reason: z.string().optional().describe('Why it is not connected'),
  executors: z.record(z.string(), z.string()).describe('Executor instance → state there'),
  shares: z.object({
    servers: z.array(z.string()).describe('Names, at their suite, of the servers whose tools and prompts it shows'),
    tools: z.number().int(),
    prompts: z.number().int(),
    resources: z.number().int(),
    resourceTemplates: z.number().int(),
  }),
});
export type PeerAnswer = z.infer<typeof peerAnswerSchema>;

/** Patterns of the events that tell of peers, beside those of servers. */
export const PEER_EVENTS = ['peer.#'] as const;

/** What the log says of the link to one peer. Times are RFC 3339. */
export interface PeerLinkView {
  readonly suite?: string | undefined;
  readonly connected?: (EventData<'peer.connected'> & { readonly at: string }) | undefined;
  readonly last: { readonly kind: 'connected' | 'lost' | 'refused'; readonly at: string; readonly reason?: string };
}

/** The peer that an event tells of; undefined for other events. */
export function peerOf({ type, data }: RecordedEvent): string | undefined {
  return type.startsWith('peer.') ? (data as { peer: string }).peer : undefined;
}

/** The link after one more event of it. */
export function foldPeer(before: PeerLinkView | undefined, event: RecordedEvent): PeerLinkView | undefined {
  const at = event.time;
  switch (event.type) {
    case 'peer.connected':
      return { suite: event.data.suite, connected: { ...event.data, at }, last: { kind: 'connected', at } };
    case 'peer.lost':
      return { ...before, last: { kind: 'lost', at, reason: event.data.reason } };
    case 'peer.refused':
      return { ...before, suite: event.data.suite, last: { kind: 'refused', at, reason: event.data.reason } };
    default:
      return before;
  }
}

/** @returns undefined for a server that is no peer, or is no longer defined */
export function peerAnswer({ view }: KnownServer, link: PeerLinkView | undefined): PeerAnswer | undefined {
  const settings = view.definition?.['signalbox'] as { readonly peer?: unknown } | null | undefined;
  if (view.state === 'removed' || settings?.peer === undefined) return undefined;
  const state = stateOf(view, link);
  const { url, version, protocolVersion, at: connectedAt } = link?.connected ?? {};
  const catalogue = view.catalogue;
  const named = [...(catalogue?.tools ?? []), ...(catalogue?.prompts ?? [])];
  const servers = new Set(named.map((item) => (originOf(item)?.name ?? item.name).split('__')[0]!));
  const reason = state === 'connected' ? undefined : (link?.last.reason ?? view.lastError?.error);
  return {
    name: view.server,
    state,
    suite: link?.suite,
    url,
    version,
    protocolVersion,
    connectedAt,
    lastContact: [link?.last.at, view.catalogueAt]
      .filter((time) => time !== undefined)
      .sort()
      .at(-1),
    reason,
    executors: { ...view.life.executors },
    shares: {
      servers: [...servers].sort(),
      tools: catalogue?.tools.length ?? 0,
      prompts: catalogue?.prompts.length ?? 0,
      resources: catalogue?.resourceList?.count ?? catalogue?.resources.length ?? 0,
      resourceTemplates: catalogue?.resourceTemplates.length ?? 0,
    },
  };
}

function stateOf({ state, life }: KnownServer['view'], link: PeerLinkView | undefined): PeerAnswer['state'] {
  if (life.target !== 'running') return 'stopped';
  if (state === 'running' || state === 'degraded') return 'connected';
  if (link?.last.kind === 'refused') return 'refused';
  return link?.connected === undefined ? 'waiting' : 'lost';
}
