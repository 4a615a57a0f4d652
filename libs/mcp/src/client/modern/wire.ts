import type { UpstreamConnection, UpstreamLimits, Inbound } from '../upstream.js';

/** What carries the messages of a modern connection: a process or a URL, which know nothing of a handshake. */
export interface ModernWire extends Pick<
  UpstreamConnection,
  'dialect' | 'pid' | 'inFlight' | 'closed' | 'ending' | 'request' | 'cancel' | 'respond' | 'close'
> {
  readonly limits: UpstreamLimits;
  /** Hears what belongs to no request. */
  onInbound: ((message: Inbound) => void) | undefined;
}
