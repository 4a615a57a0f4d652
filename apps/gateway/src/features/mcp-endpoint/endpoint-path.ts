import { peerScope } from '@signalbox/contracts';

/** Which MCP endpoint a request is for. */
export interface EndpointPath {
  /** As in `/servers/:server/mcp`, or that of a peer, for `/peers/:suite/mcp`; undefined for `/mcp`. */
  readonly scope: string | undefined;
}

const MERGED: EndpointPath = { scope: undefined };
const OF_PEER = /^\/peers\/([^/?#]{1,200})\/mcp\/?(?:[?#]|$)/;
const SCOPED = /^\/servers\/([^/?#]{1,200})\/mcp\/?(?:[?#]|$)/;

/** Undefined when the URL is not that of an MCP endpoint. */
export function endpointPath(url: string): EndpointPath | undefined {
  if (url === '/mcp' || url === '/mcp/' || url.startsWith('/mcp?')) return MERGED;
  if (url.startsWith('/peers/')) return peerPath(url);
  if (!url.startsWith('/servers/')) return undefined;
  const encoded = SCOPED.exec(url)?.[1];
  if (encoded === undefined) return undefined;
  try {
    return { scope: decodeURIComponent(encoded) };
  } catch {
    return { scope: encoded };
  }
}

function peerPath(url: string): EndpointPath | undefined {
  const suite = OF_PEER.exec(url)?.[1];
  return suite === undefined ? undefined : { scope: peerScope(suite) };
}
