import type { ClientContext } from '@signalbox/contracts';
import type { Dialect } from '@signalbox/mcp';

/** What servers may ask of a client in the middle of a request. */
const REVERSE = ['sampling', 'elicitation', 'roots'];

/**
 * Who shares a connection: requests with the same key may, at the same time.
 * A legacy server knows whom it speaks to by its session or its process, so that one session of a client has one of its
 * own; clients without a session share one, unless the server may ask them something. Then over HTTP those share one that
 * can do the same, for the server asks on the stream of the request; where one channel carries everything, each request has
 * it to itself. A modern server is told with each request who asks.
 * @param dialect undefined while nothing is known of the server but how it is reached
 */
export function connectionKey(
  client: ClientContext,
  requestId: string,
  dialect: Dialect | undefined,
  isProcess: boolean,
): string {
  const isModern = dialect?.era === 'modern';
  // over stdio log messages do not say whose they are
  if (client.sessionId !== undefined) return isModern && !isProcess ? '' : client.sessionId;
  const { capabilities } = client;
  if (isModern || !capabilities || !REVERSE.some((name) => capabilities[name] !== undefined)) return '';
  return isProcess || dialect?.transport === 'sse' ? `~${requestId}` : `~${JSON.stringify(capabilities)}`;
}
