import type { HttpTarget, StdioTarget } from '@signalbox/contracts';
import { HttpUpstream } from './http/http-upstream.js';
import { StdioUpstream } from './stdio/stdio-upstream.js';
import type { ConnectOptions, UpstreamConnection } from './upstream.js';

/**
 * Starts or reaches an upstream server and opens an MCP session with it.
 * @throws UpstreamClosedError (`sent` false when it could not be started or reached), UpstreamProtocolError, DeadlineError
 */
export function connectUpstream(
  target: StdioTarget | HttpTarget,
  options: ConnectOptions,
): Promise<UpstreamConnection> {
  return target.kind === 'stdio' ? StdioUpstream.connect(target, options) : HttpUpstream.connect(target, options);
}
