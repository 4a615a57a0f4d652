import { randomBytes } from 'node:crypto';
import type { UpstreamAuth } from '@signalbox/contracts';
import type {
  AddClientAuthentication,
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from '@modelcontextprotocol/client';
import type { Kept, TokenStore } from './token-store.js';

/** An authorization that waits for its human. */
export interface Pending {
  /** Where the human says yes. */
  readonly url: URL;
  readonly state: string;
}

type Invalid = 'all' | 'client' | 'tokens' | 'verifier' | 'discovery';

/** One client of OAuth 2.1, as the SDK's flow asks for it: what it is, what it has, and where it keeps that. */
export class OAuthClient implements OAuthClientProvider {
  readonly clientMetadata: OAuthClientMetadata;
  readonly redirectUrl: string | undefined;
  readonly addClientAuthentication?: AddClientAuthentication;
  readonly prepareTokenRequest?: (scope?: string) => URLSearchParams;
  /** Only of a client that registers itself: one that is configured stays what it is. */
  readonly saveClientInformation?: (client: StoredOAuthClientInformation) => Promise<void>;
  pending: Pending | undefined;
  #kept: Kept = {};
  #verifier: string | undefined;
  #state: string | undefined;
  #discovery: OAuthDiscoveryState | undefined;
  /** The authorization server that has taken a configured client's credentials: no other gets them. */
  #issuer: string | undefined;

  /**
   * @param redirectUrl where authorization servers send the human back to; of no use for client credentials
   * @param signing shows that the client has its private key, where that stands for a secret
   */
  constructor(
    private readonly settings: UpstreamAuth,
    private readonly store: TokenStore,
    redirectUrl: string,
    signing?: AddClientAuthentication,
  ) {
    const { type, scope } = settings;
    this.#issuer = settings.issuer;
    if (settings.clientId === undefined) {
      this.saveClientInformation = (client) => this.#keep({ ...this.#kept, client });
    }
    if (type === 'client_credentials') {
      this.clientMetadata = { client_name: 'Signalbox', redirect_uris: [], grant_types: ['client_credentials'], scope };
      this.prepareTokenRequest = (wanted) =>
        new URLSearchParams({ grant_type: 'client_credentials', ...(wanted === undefined ? {} : { scope: wanted }) });
      if (signing) this.addClientAuthentication = signing;
      return;
    }
    this.redirectUrl = redirectUrl;
    this.clientMetadata = {
      client_name: 'Signalbox',
      redirect_uris: [redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      scope,
    };
  }

  /** @throws Error when what is kept cannot be read */
  async load(): Promise<void> {
    this.#kept = await this.store.load();
    this.#issuer ??= this.#kept.tokens?.issuer;
  }

  get clientMetadataUrl(): string | undefined {
    return this.settings.type === 'authorization_code' ? this.settings.clientMetadataUrl : undefined;
  }

  state(): string {
    return (this.#state = randomBytes(24).toString('base64url'));
  }

  clientInformation(): StoredOAuthClientInformation | undefined {
    const { clientId, clientSecret } = this.settings;
    if (clientId === undefined) return this.#kept.client;
    return {
      client_id: clientId,
      ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
      ...(this.#issuer === undefined ? {} : { issuer: this.#issuer }),
      ...this.#sending(),
    };
  }

  /** The scopes that a client may ask for that has registered itself; undefined when it has not, or for any. */
  get registeredScope(): string | undefined {
    const client = this.#kept.client as { scope?: string } | undefined;
    return this.settings.clientId === undefined ? client?.scope : undefined;
  }

  tokens(): StoredOAuthTokens | undefined {
    return this.#kept.tokens;
  }

  saveTokens(tokens: StoredOAuthTokens): Promise<void> {
    this.#issuer ??= tokens.issuer;
    return this.#keep({ ...this.#kept, tokens });
  }

  redirectToAuthorization(url: URL): void {
    this.pending = { url, state: this.#state! };
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    if (this.#verifier === undefined) throw new Error('no authorization has been begun');
    return this.#verifier;
  }

  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.#discovery = state;
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovery;
  }

  async invalidateCredentials(what: Invalid): Promise<void> {
    const all = what === 'all';
    if (all || what === 'verifier') this.#verifier = undefined;
    if (all || what === 'discovery') this.#discovery = undefined;
    const { tokens, client } = this.#kept;
    if (all || what === 'tokens') await this.#keep({ client });
    if (all || what === 'client') await this.#keep(all ? {} : { tokens });
  }

  #sending(): { token_endpoint_auth_method?: string } {
    if (this.settings.type !== 'client_credentials' || this.settings.sendSecret === undefined) return {};
    return { token_endpoint_auth_method: `client_secret_${this.settings.sendSecret}` };
  }

  async #keep(kept: Kept): Promise<void> {
    this.#kept = kept;
    await this.store.save(kept);
  }
}
