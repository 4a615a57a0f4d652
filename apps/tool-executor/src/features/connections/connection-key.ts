import type { ClientContext, UpstreamSettings } from '@signalbox/contracts';
import type { Dialect } from '@signalbox/mcp';

/** What servers may ask of a client in the middle of a request. */
const REVERSE = ['sampling', 'elicitation', 'roots'];
/** Of requests without a token where nobody has one: there is nobody to tell apart. */
const ANONYMOUS = 'anonymous';

/** How a server is reached, as far as that says who may share a connection to it. */
export interface Sharing {
  /** Undefined while nothing is known of the server but how it is reached. */
  readonly dialect: Dialect | undefined;
  readonly isProcess: boolean;
  readonly share: UpstreamSettings['pool']['share'];
}

/**
 * Who shares a connection: requests with the same key may, at the same time.
 * A legacy server knows whom it speaks to by its session or its process, so that one session of a client has one of its
 * own; clients without a session share one with those of the same principal, or with all where the server is configured so,
 * unless it may ask them something. Then over HTTP those share one that can do the same, for the server asks on the stream of
 * the request; where one channel carries everything, each request has it to itself. A modern server is told with each
 * request who asks.
 */
export function connectionKey(client: ClientContext, requestId: string, sharing: Sharing): string {
  const { dialect, isProcess } = sharing;
  const isModern = dialect?.era === 'modern';
  // over stdio log messages do not say whose they are
  if (client.sessionId !== undefined) return isModern && !isProcess ? '' : client.sessionId;
  if (isModern) return '';
  const { capabilities, principal } = client;
  const isForAll = sharing.share === 'all' || isProcess || principal === ANONYMOUS;
  if (!capabilities || !REVERSE.some((name) => capabilities[name] !== undefined))
    return isForAll ? '' : `~@${principal}`;
  if (isProcess || dialect?.transport === 'sse') return `~${requestId}`;
  return isForAll ? `~${JSON.stringify(capabilities)}` : `~${JSON.stringify(capabilities)}@${principal}`;
}

/** Whether nobody will come for a connection with this key again. */
export function isOfOneRequest(key: string): boolean {
  return key.startsWith('~') && key[1] !== '@' && key[1] !== '{';
}

/** Whether the server is to know what the client of such a connection can do. */
export function tellsAbilities(key: string): boolean {
  return key !== '' && !key.startsWith('~@');
}
