import type { IncomingMessage, ServerResponse } from 'node:http';

const ALLOWED_HEADERS =
  'authorization, content-type, accept, last-event-id, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name, traceparent';
const MIRRORED = /^mcp-param-[!#$%&'*+\-.^_`|~0-9a-z]{1,200}$/;

/**
 * Lets web pages of allowed origins read the answers (https://fetch.spec.whatwg.org/#http-cors-protocol). The origin has
 * been checked already.
 * @returns true when the request was a preflight, which is answered then
 */
export function answerCors(request: IncomingMessage, response: ServerResponse): boolean {
  const { origin } = request.headers;
  if (origin === undefined) return false;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', 'mcp-session-id');
  response.setHeader('vary', 'origin');
  if (request.method !== 'OPTIONS') return false;
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, POST, DELETE',
    'access-control-allow-headers': [ALLOWED_HEADERS, ...mirrored(request)].join(', '),
    'access-control-max-age': '600',
  });
  response.end();
  return true;
}

/** Headers that repeat arguments of a tool (MCP 2026-07-28): their names are the tool's. */
function mirrored({ headers }: IncomingMessage): string[] {
  const asked = headers['access-control-request-headers'] ?? '';
  return asked
    .toLowerCase()
    .split(',', 100)
    .map((name) => name.trim())
    .filter((name) => MIRRORED.test(name));
}
