import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UpstreamAuth } from '@signalbox/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { browse, startOAuthServer, type OAuthServer } from '@signalbox/testing/oauth-server';
import { connectUpstream } from '../connect.js';
import { AuthorizationError } from '../errors.js';
import type { UpstreamConnection } from '../upstream.js';
import { OAuthAuthorizer, type OAuthOptions } from './oauth-authorizer.js';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const REDIRECT = 'http://127.0.0.1:20999/oauth/callback';
const machine = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
const secret = 'sixteen characters and more';

let server: OAuthServer;
let folder: string;
const open: UpstreamConnection[] = [];

beforeAll(async () => {
  server = await startOAuthServer([
    { ...machine, client_id: 'basic', client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' },
    { ...machine, client_id: 'post', client_secret: secret, token_endpoint_auth_method: 'client_secret_post' },
    {
      ...machine,
      client_id: 'key',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: { keys: [publicKey.export({ format: 'jwk' })] } as never,
    },
  ]);
});
afterAll(() => server.stop());
beforeEach(async () => {
  server.grants.length = 0;
  server.refused.length = 0;
  folder = await mkdtemp(join(tmpdir(), 'oauth-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
  await rm(folder, { recursive: true });
});

function authorizerWith(settings: UpstreamAuth, more: Partial<OAuthOptions> = {}): OAuthAuthorizer {
  const addresses = () => Promise.resolve({ redirect: REDIRECT, start: 'http://127.0.0.1:20999/oauth/servers/s' });
  return new OAuthAuthorizer({ serverUrl: server.url, settings, addresses, ...more });
}

async function connect(authorizer: OAuthAuthorizer): Promise<UpstreamConnection> {
  const target = { kind: 'http' as const, url: server.url, headers: {} };
  const connection = await connectUpstream(target, {
    clientInfo: { name: 'spec', version: '1' },
    capabilities: {},
    authorizer,
  });
  open.push(connection);
  return connection;
}

const soon = () => ({ deadline: Date.now() + 15_000 });
const call = async (connection: UpstreamConnection, name: string) => {
  const outcome = await connection.request('tools/call', { name, arguments: {} }, soon());
  return (outcome as { result: { content: { text: string }[] } }).result.content[0]!.text;
};
const human = (url: URL) => browse(url, REDIRECT);
const code = { type: 'authorization_code' } as const;

describe('a client with credentials', () => {
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
  it.each<[string, UpstreamAuth]>([
    [
      'a secret in the header',
      { type: 'client_credentials', clientId: 'basic', clientSecret: secret, sendSecret: 'basic' },
    ],
    [
      'a secret in the body',
      { type: 'client_credentials', clientId: 'post', clientSecret: secret, sendSecret: 'post' },
    ],
    ['a private key', { type: 'client_credentials', clientId: 'key', privateKey: pem, algorithm: 'ES256' }],
  ])('gets a token with %s, and another when it is refused', async (_how, settings) => {
    const authorizer = authorizerWith(settings);
    const connection = await connect(authorizer);
    expect(await call(connection, 'x')).toBe('tools/call with read');
    expect(server.grants).toEqual(['client_credentials']);
    await server.revoke(authorizer.header()!);
    const calls = await Promise.all(['a', 'b', 'c', 'd'].map((name) => call(connection, name)));
    expect(calls).toEqual(Array(4).fill('tools/call with read'));
    // one for all who wait
    expect(server.grants).toEqual(['client_credentials', 'client_credentials']);
  });

  it('gets one with more scopes where a call needs them, and keeps the others', async () => {
    const settings: UpstreamAuth = { type: 'client_credentials', clientId: 'basic', clientSecret: secret };
    const connection = await connect(authorizerWith(settings));
    expect(await call(connection, 'write')).toBe('tools/call with read write');
    expect(server.refused).toEqual([401, 403]);
    expect(await call(connection, 'read')).toBe('tools/call with read write');
    expect(server.grants).toHaveLength(2);
  });

  it('is told why it gets none, without its secret', async () => {
    const settings: UpstreamAuth = { type: 'client_credentials', clientId: 'basic', clientSecret: 'not the right one' };
    const error = await connect(authorizerWith(settings)).then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error).toBeInstanceOf(AuthorizationError);
    expect(error!.message).toMatch(/no token could be got: .*client/);
    expect(error!.message).not.toContain('not the right one');
  });

  it('sends its credentials to the authorization server that it names only', async () => {
    const issuer = 'https://other.example';
    const settings: UpstreamAuth = { type: 'client_credentials', clientId: 'basic', clientSecret: secret, issuer };
    await expect(connect(authorizerWith(settings))).rejects.toThrow(AuthorizationError);
    expect(server.grants).toEqual([]);
  });
});

describe('a client with a human', () => {
  it('registers, gets a code for a token, refreshes it, and asks for more when more is needed', async () => {
    const authorizer = authorizerWith(code, { ask: human });
    const connection = await connect(authorizer);
    expect(await call(connection, 'x')).toContain('tools/call with');
    await server.revoke(authorizer.header()!);
    expect(await call(connection, 'x')).toContain('tools/call with');
    expect(server.grants).toEqual(['authorization_code', 'refresh_token']);
    expect(await call(connection, 'write')).toMatch(/read.*write/);
    expect(server.grants).toEqual(['authorization_code', 'refresh_token', 'authorization_code']);
  });

  it('finds its tokens again in a file that only its owner may read', async () => {
    const file = join(folder, 'tokens', 's.json');
    await connect(authorizerWith({ ...code, file }, { ask: human }));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ tokens: { access_token: expect.any(String) } });
    const again = await connect(authorizerWith({ ...code, file }));
    expect(await call(again, 'x')).toContain('tools/call with');
    expect(server.grants).toEqual(['authorization_code']);
  });

  it('says what is wrong with the file, and not what is in it', async () => {
    const file = join(folder, 'tokens.json');
    await writeFile(file, 'a secret that is no JSON');
    await expect(connect(authorizerWith({ ...code, file }))).rejects.toThrow(
      `${file} is no file of tokens: it is not JSON`,
    );
  });

  it('waits for its human with one authorization, however often it is refused', async () => {
    const authorizer = authorizerWith(code);
    await expect(connect(authorizer)).rejects.toThrow(
      /wants a human .*: open http:\/\/127.0.0.1:20999\/oauth\/servers\/s$/,
    );
    const { url, state } = authorizer.pending!;
    expect(url.searchParams.get('code_challenge_method')).toBe('S256');
    expect(url.searchParams.get('resource')).toBe(server.url);
    await expect(connect(authorizer)).rejects.toThrow(AuthorizationError);
    expect(authorizer.pending).toMatchObject({ state });
    expect(await authorizer.begin()).toEqual(url);

    await expect(authorizer.finish(new URLSearchParams({ code: 'x', state: 'other' }))).rejects.toThrow('begin anew');
    expect(authorizer.pending).toMatchObject({ state });
    await authorizer.finish(await human(url));
    expect(authorizer.pending).toBeUndefined();
    expect(await call(await connect(authorizer), 'x')).toContain('tools/call with');
  });

  it('takes no for an answer', async () => {
    const authorizer = authorizerWith(code);
    await expect(connect(authorizer)).rejects.toThrow(AuthorizationError);
    const { state } = authorizer.pending!;
    const no = new URLSearchParams({ error: 'access_denied', state, iss: server.issuer });
    await expect(authorizer.finish(no)).rejects.toThrow('was refused: access_denied');
    expect(authorizer.pending).toBeUndefined();
    // from somebody else it is none
    const next = await authorizer.begin();
    const theirs = { error: 'access_denied', state: authorizer.pending!.state, iss: 'https://other.example' };
    await expect(authorizer.finish(new URLSearchParams(theirs))).rejects.toThrow(/issuer/i);
    expect(next).toBeInstanceOf(URL);
  });
});
