import type { HttpTarget, StdioTarget } from '@signalbox/contracts';
import { connectHttp } from './connect-http.js';
import { connectStdio } from './connect-stdio.js';
import type { ConnectOptions, UpstreamConnection } from './upstream.js';

/**
 * Starts or reaches an upstream server, finds out what it speaks unless the options say so, and opens a connection with it.
 * @throws UpstreamClosedError (`sent` false when it could not be started or reached), UpstreamProtocolError, DeadlineError
 */
export function connectUpstream(
  target: StdioTarget | HttpTarget,
  options: ConnectOptions,
): Promise<UpstreamConnection> {
  return target.kind === 'stdio' ? connectStdio(target, options) : connectHttp(target, options);
}
