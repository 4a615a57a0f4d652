import { AuthorizationError, connectUpstream, UpstreamProtocolError } from '@signalbox/mcp';

/** `refused`: something there wants a token first. */
export type ProbeAnswer =
  { readonly kind: 'server'; readonly name: string } | { readonly kind: 'refused'; readonly reason: string };

const UNAUTHORIZED = new Set([401, 403]);

/**
 * Asks whether an MCP server is at a URL, by `server/discover` and else by `initialize`.
 * @param timeoutMs for the whole of it
 * @returns undefined when nothing is there, or something else
 */
export async function probe(url: string, timeoutMs: number, version: string): Promise<ProbeAnswer | undefined> {
  try {
    const connection = await connectUpstream(
      { kind: 'http', url, headers: {} },
      { clientInfo: { name: 'signalbox-discovery', version }, capabilities: {}, connectTimeoutMs: timeoutMs },
    );
    const { name } = connection.initialize.serverInfo;
    await connection.close('it was only asked who it is');
    return { kind: 'server', name };
  } catch (error) {
    const isUnauthorized =
      error instanceof AuthorizationError ||
      (error instanceof UpstreamProtocolError && UNAUTHORIZED.has(error.status ?? 0));
    return isUnauthorized ? { kind: 'refused', reason: (error as Error).message } : undefined;
  }
}
