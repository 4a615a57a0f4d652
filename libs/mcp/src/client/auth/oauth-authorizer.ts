import type { UpstreamAuth } from '@signalbox/contracts';
import type { FetchLike } from '@modelcontextprotocol/client';
import { AuthorizationError } from '../errors.js';
import type { Authorizer, Challenge } from '../http/authorizer.js';
import { OAuthClient, type Pending } from './oauth-client.js';
import { FileTokenStore, MemoryTokenStore } from './token-store.js';

type Sdk = typeof import('@modelcontextprotocol/client');

export interface OAuthOptions {
  /** Of the MCP server: the resource that the tokens are for (RFC 8707). */
  readonly serverUrl: string;
  readonly settings: UpstreamAuth;
  /** Where authorization servers send the human back to, and what a human is told to open when one is needed. */
  readonly addresses: () => Promise<{ readonly redirect: string; readonly start: string }>;
  /** Where a human is at hand: brings the address to them, and what their browser came back with; nothing leaves it pending. */
  readonly ask?: (url: URL) => Promise<URLSearchParams | undefined>;
  /** Bound on each request to an authorization server, milliseconds; default 10 000. */
  readonly timeoutMs?: number;
  /** How long an authorization waits for its human before another is begun, milliseconds; default 600 000. */
  readonly pendingMs?: number;
}

const TIMEOUT_MS = 10_000;
const PENDING_MS = 600_000;

/**
 * Gets and keeps the tokens of one server, as the authorization of MCP says it (2026-07-28): the server names its
 * authorization server, from which a token comes by client credentials, by refreshing, or by a human.
 */
export class OAuthAuthorizer implements Authorizer {
  #client: OAuthClient | undefined;
  #opening: Promise<OAuthClient> | undefined;
  #renewing: Promise<void> | undefined;
  /** Everything that was ever asked for: a token with more scopes must not lose the others. */
  #scope: string | undefined;
  #pendingSince = 0;
  #startUrl = '';

  constructor(private readonly options: OAuthOptions) {}

  header(): string | undefined {
    const token = this.#client?.tokens()?.access_token;
    return token === undefined ? undefined : `Bearer ${token}`;
  }

  async answer(challenge: Challenge): Promise<void> {
    await this.#open();
    const now = this.header();
    // one that was kept, or that somebody else has got meanwhile
    if (now !== undefined && now !== challenge.refused) return;
    this.#renewing ??= this.#renew(challenge).finally(() => (this.#renewing = undefined));
    await this.#renewing;
  }

  /** The authorization that waits for a human, if one does. */
  get pending(): Pending | undefined {
    const { pendingMs = PENDING_MS } = this.options;
    return Date.now() - this.#pendingSince < pendingMs ? this.#client?.pending : undefined;
  }

  /**
   * Where a human says yes: to the authorization that waits, or to one that is begun for that. Undefined when none is needed.
   * @throws AuthorizationError when none can be begun
   */
  async begin(): Promise<URL | undefined> {
    const waiting = () => this.pending?.url;
    if (waiting()) return waiting();
    try {
      await this.answer({ status: 401, header: undefined, refused: this.header() });
    } catch (error) {
      if (!waiting()) throw error;
    }
    return waiting();
  }

  /**
   * Ends the authorization that waits.
   * @param answer the query that the human's browser came back with
   * @throws AuthorizationError when it is not the answer to it, or a refusal, or its code is worth no token
   */
  async finish(answer: URLSearchParams): Promise<void> {
    const { pending } = this;
    const client = await this.#open();
    if (!pending || answer.get('state') !== pending.state) {
      throw new AuthorizationError('this is not the answer to an authorization that waits; begin anew');
    }
    client.pending = undefined;
    const iss = answer.get('iss');
    const code = answer.get('code');
    if (code === null) {
      // who it is from is checked first: what it says may be a stranger's words
      await this.#checkIssuer(client, iss ?? undefined);
      const why = [
        answer.get('error') ?? 'there is neither a code nor an error in it',
        answer.get('error_description'),
      ];
      throw new AuthorizationError(`was refused: ${why.filter(Boolean).join(': ').slice(0, 500)}`);
    }
    const more = { authorizationCode: code, ...(iss === null ? {} : { iss }) };
    await this.#run(client, more);
  }

  async #open(): Promise<OAuthClient> {
    return (this.#opening ??= this.#make().catch((error: Error) => {
      this.#opening = undefined;
      throw new AuthorizationError(error.message);
    }));
  }

  async #make(): Promise<OAuthClient> {
    const { settings, addresses } = this.options;
    const { redirect, start } = await addresses();
    this.#startUrl = start;
    const store = settings.file === undefined ? new MemoryTokenStore() : new FileTokenStore(settings.file);
    let signing;
    if (settings.type === 'client_credentials' && settings.privateKey !== undefined) {
      const { createPrivateKeyJwtAuth } = await sdk();
      const { clientId, privateKey, algorithm } = settings;
      signing = createPrivateKeyJwtAuth({ issuer: clientId, subject: clientId, privateKey, alg: algorithm! });
    }
    const client = new OAuthClient(settings, store, redirect, signing);
    await client.load();
    this.#client = client;
    return client;
  }

  async #renew(challenge: Challenge): Promise<void> {
    const client = await this.#open();
    const { extractWWWAuthenticateParams, computeScopeUnion, isStrictScopeSuperset } = await sdk();
    const headers = new Headers();
    if (challenge.header !== undefined) headers.set('www-authenticate', challenge.header);
    const { scope, resourceMetadataUrl } = extractWWWAuthenticateParams(new Response(null, { headers }));
    const granted = client.tokens()?.scope;
    const isStepUp = challenge.status === 403;
    const wanted = isStepUp
      ? computeScopeUnion(this.#scope, granted, scope)
      : (computeScopeUnion(this.#scope, scope) ?? scope);
    const isMore = isStrictScopeSuperset(wanted, this.#scope);
    if (this.pending && !isMore) throw this.#wantsHuman();
    if (isStepUp && !isMore && !isStrictScopeSuperset(wanted, granted)) {
      throw new AuthorizationError(`the server wants the scope "${scope ?? ''}", which its token has already`);
    }
    this.#scope = wanted;
    // the server may have moved to another authorization server
    await client.invalidateCredentials('discovery');
    const { registeredScope } = client;
    if (registeredScope !== undefined && isStrictScopeSuperset(wanted, registeredScope)) {
      // it would be refused more than it has registered for
      await client.invalidateCredentials('client');
    }
    client.pending = undefined;
    await this.#run(client, {
      ...(wanted === undefined ? {} : { scope: wanted }),
      ...(resourceMetadataUrl ? { resourceMetadataUrl } : {}),
      forceReauthorization: isStepUp,
    });
    // set by the flow, where it came to a human
    const pending = client.pending as Pending | undefined;
    if (!pending) return;
    this.#pendingSince = Date.now();
    const answer = await this.options.ask?.(pending.url);
    if (!answer) throw this.#wantsHuman();
    await this.finish(answer);
  }

  async #run(client: OAuthClient, more: Partial<Parameters<Sdk['auth']>[1]>): Promise<void> {
    const { auth } = await sdk();
    try {
      await auth(client, { serverUrl: this.options.serverUrl, fetchFn: this.#fetch, ...more });
    } catch (error) {
      throw new AuthorizationError(`no token could be got: ${(error as Error).message}`);
    }
  }

  async #checkIssuer(client: OAuthClient, iss: string | undefined): Promise<void> {
    const { validateAuthorizationResponseIssuer } = await sdk();
    const metadata = client.discoveryState()?.authorizationServerMetadata;
    const issParameterSupported = metadata?.authorization_response_iss_parameter_supported === true;
    try {
      validateAuthorizationResponseIssuer({ iss, expectedIssuer: metadata?.issuer, issParameterSupported });
    } catch (error) {
      throw new AuthorizationError((error as Error).message);
    }
  }

  #wantsHuman(): AuthorizationError {
    return new AuthorizationError(`the server wants a human to authorize Signalbox: open ${this.#startUrl}`);
  }

  // now and then, and the SDK looks whether the answer is of the global class
  readonly #fetch: FetchLike = (url, init) =>
    // eslint-disable-next-line no-restricted-globals
    fetch(url, { ...init, signal: AbortSignal.timeout(this.options.timeoutMs ?? TIMEOUT_MS) });
}

/** Not before it is needed: most servers want no tokens, and the SDK takes its time and memory. */
function sdk(): Promise<Sdk> {
  return import('@modelcontextprotocol/client');
}
