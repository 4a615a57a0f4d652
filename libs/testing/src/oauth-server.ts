import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider, type ClientMetadata } from 'oidc-provider';

/** An MCP server that wants tokens, and the authorization server (oidc-provider) that it names. */
export interface OAuthServer {
  readonly url: string;
  readonly issuer: string;
  /** Grants that were redeemed for a token, in order. */
  readonly grants: string[];
  /** Requests for MCP that were refused for want of a token, or of a scope in it. */
  readonly refused: number[];
  /** Makes the server forget a token. */
  revoke(authorization: string): Promise<void>;
  stop(): Promise<void>;
}

const SCOPES = 'read write';

/** @param clients what is registered already; others may register themselves */
export async function startOAuthServer(clients: readonly ClientMetadata[] = []): Promise<OAuthServer> {
  const http = createServer();
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const url = `${issuer}/mcp`;
  const provider = new Provider(issuer, {
    clients: [...clients],
    scopes: ['openid', 'offline_access', 'read', 'write'],
    cookies: { keys: ['spec'] },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    issueRefreshToken: () => true,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => url,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, resource) => {
          if (resource !== url) throw new Error(`${resource} is not here`);
          return { scope: SCOPES, audience: url, accessTokenFormat: 'opaque', accessTokenTTL: 600 };
        },
      },
    },
  });
  const grants: string[] = [];
  const refused: number[] = [];
  provider.on('grant.success', ({ oidc }) => grants.push(String(oidc.params?.['grant_type'])));
  const find = async (authorization: string | undefined) => {
    const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
    if (token === undefined) return undefined;
    return (await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token));
  };
  const callback = provider.callback();
  http.on('request', (request, response) => {
    const path = new URL(request.url!, issuer).pathname;
    const answer = async () => {
      if (path === '/mcp') return mcp(request, response);
      if (path === '/.well-known/oauth-protected-resource/mcp') {
        return json(response, 200, { resource: url, authorization_servers: [issuer], scopes_supported: ['read'] });
      }
      if (path.startsWith('/interaction/')) return sayYes(provider, url, request, response);
      return void callback(request, response);
    };
    answer().catch((error: Error) => response.writeHead(500).end(String(error.stack)));
  });

  async function mcp(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += chunk as string;
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: { name?: string } };
    const token = await find(request.headers.authorization);
    const metadata = `resource_metadata="${issuer}/.well-known/oauth-protected-resource/mcp"`;
    const refuse = (status: number, why: string) => {
      refused.push(status);
      response.setHeader('www-authenticate', `Bearer ${why}${metadata}`);
      response.writeHead(status).end();
    };
    if (!token || ![token.aud].flat().includes(url)) return refuse(401, '');
    if (params.name === 'write' && !token.scope?.split(' ').includes('write')) {
      return refuse(403, 'error="insufficient_scope", scope="write", ');
    }
    const result =
      method === 'server/discover'
        ? { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: { tools: {} } }
        : { resultType: 'complete', content: [{ type: 'text', text: `${method} with ${token.scope}` }] };
    json(response, 200, { jsonrpc: '2.0', id, result });
  }

  return {
    url,
    issuer,
    grants,
    refused,
    revoke: async (authorization) => (await find(authorization))?.destroy(),
    stop: () => {
      http.closeAllConnections();
      return new Promise((resolve) => http.close(() => resolve()));
    },
  };
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Logs "ann" in, and lets her agree to all that is asked. */
async function sayYes(
  provider: Provider,
  resource: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: 'ann' } });
  }
  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const grant = known ?? new provider.Grant({ accountId: session!.accountId, clientId: String(params['client_id']) });
  grant.addOIDCScope(`openid offline_access ${SCOPES}`);
  grant.addResourceScope(resource, String(params['scope'] ?? SCOPES));
  const result = { consent: { grantId: await grant.save() } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
}

/** Opens an address as a browser does. @returns the query that it is sent back to `redirect` with */
export async function browse(start: URL, redirect: string): Promise<URLSearchParams> {
  const cookies = new Map<string, string>();
  let at = start;
  for (let hops = 0; hops < 20; hops++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(at, { redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (value === '') cookies.delete(name!);
      else cookies.set(name!, value!);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`${at.href} answered ${response.status}: ${await response.text()}`);
    at = new URL(location, at);
    if (at.href.startsWith(redirect)) return at.searchParams;
  }
  throw new Error('too many redirects');
}
