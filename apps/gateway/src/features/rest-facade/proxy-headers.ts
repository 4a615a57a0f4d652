import type { IncomingMessage } from 'node:http';

/** Headers that are about one connection (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** Ours to say, or not for the other side: credentials are checked here. */
const NOT_PASSED_ON = new Set(['host', 'expect', 'authorization', 'origin', 'x-signalbox-principal']);

type Headers = Record<string, string | string[]>;

/** The headers that go on to the service behind, with who the client is. */
export function forwardHeaders({ headers, socket }: IncomingMessage, principal: string): Headers {
  const passed = endToEnd(headers);
  for (const name of NOT_PASSED_ON) delete passed[name];
  passed['x-signalbox-principal'] = encodeURIComponent(principal);
  passed['x-forwarded-for'] = socket.remoteAddress ?? 'unknown';
  return passed;
}

/** The headers that go back to the client. */
export function returnHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Headers {
  return endToEnd(headers);
}

function endToEnd(headers: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const named = String(headers['connection'] ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  const kept: Headers = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !HOP_BY_HOP.has(name) && !named.includes(name)) kept[name] = value;
  }
  return kept;
}
