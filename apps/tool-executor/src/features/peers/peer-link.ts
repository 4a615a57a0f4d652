import {
  createEvent,
  peerEndpoint,
  suiteOf,
  TIMEOUT,
  VIA,
  viaOf,
  type EventData,
  type HttpTarget,
  type NewEvent,
  type StdioTarget,
  type UpstreamDefinition,
} from '@signalbox/contracts';
import { refusalOfNext } from '@signalbox/domain/federation';
import type { InitializeResult, Params } from '@signalbox/mcp';
import type { SuiteIdentity } from '@signalbox/runtime';
import { PeerRefusedError } from './peer-refused-error.js';

export interface PeerOptions {
  /** What this suite calls it. */
  readonly peer: string;
  readonly executor: string;
  /** As configured. */
  readonly url: string;
  /** The only suite that is taken for it; any when absent. */
  readonly wanted: string | undefined;
}

/** How this suite stands with one peer, as one executor sees it. */
export class PeerLink {
  #own: string | undefined;
  /** Who answered the last handshake. */
  #suite: string | undefined;
  /** The suite that the log says to be connected. */
  #connected: string | undefined;
  /** Why the last handshake came to nothing, and what of that the log has. */
  #refusal: string | undefined;
  #told: string | undefined;

  constructor(
    private readonly options: PeerOptions,
    private readonly identity: Pick<SuiteIdentity, 'read'>,
  ) {}

  /** Where the peer has its endpoint for this suite. @throws StoreUnavailableError while it is not known which suite this is */
  async place(target: HttpTarget | StdioTarget): Promise<HttpTarget | StdioTarget> {
    if (target.kind !== 'http') return target;
    this.#own = await this.identity.read();
    return { ...target, url: peerEndpoint(target.url, this.#own) };
  }

  /** Looks who answers. @throws PeerRefusedError for whoever should not */
  admit({ capabilities }: InitializeResult): void {
    this.#suite = suiteOf(capabilities);
    this.#refusal = this.#faultOf(this.#suite);
    if (this.#refusal !== undefined) throw new PeerRefusedError(this.#refusal);
  }

  /**
   * The params of a request with what the peer has to know of its way.
   * @param deadline milliseconds since the epoch; the peer is told what is left, as clocks differ
   * @throws PeerRefusedError when the request has come through the peer already
   */
  stamp(params: Params | undefined, deadline: number): Params {
    const own = this.#own!;
    const via = viaOf(params) ?? [];
    const refusal = this.#suite === undefined ? undefined : refusalOfNext(this.#suite, { own, via });
    if (refusal !== undefined) throw new PeerRefusedError(`not sent: ${refusal}`);
    const meta = params?.['_meta'] as object | undefined;
    const way = { [VIA]: [...via, own], [TIMEOUT]: Math.max(1, deadline - Date.now()) };
    return { ...params, _meta: { ...meta, ...way } };
  }

  /** What has happened between the suites when this has happened to the server that the peer is. */
  eventsBeside(event: NewEvent): NewEvent[] {
    switch (event.type) {
      case 'server.started':
        return this.#started(event.data);
      case 'server.failed':
        return [...this.#lost(event.data.error), ...this.#refused()];
      case 'server.stopped':
        return this.#lost(event.data.reason);
      default:
        return [];
    }
  }

  #faultOf(suite: string | undefined): string | undefined {
    const { wanted } = this.options;
    if (suite === undefined) return 'what answers is not a Signalbox that takes this suite for a peer';
    if (suite === this.#own) return `what answers is this very suite, or one with a copy of its log: ${suite}`;
    if (wanted === undefined || suite === wanted) return undefined;
    return `what answers is the suite ${suite}; the configuration wants ${wanted}`;
  }

  #started({ protocolVersion, serverInfo }: EventData<'server.started'>): NewEvent[] {
    const suite = this.#suite!;
    this.#connected = suite;
    this.#told = undefined;
    const { version } = serverInfo;
    const url = bare(this.options.url);
    return [createEvent('peer.connected', { ...this.#link, suite, url, protocolVersion, version })];
  }

  #lost(reason: string): NewEvent[] {
    const suite = this.#connected;
    if (suite === undefined) return [];
    this.#connected = undefined;
    return [createEvent('peer.lost', { ...this.#link, suite, reason })];
  }

  #refused(): NewEvent[] {
    const reason = this.#refusal;
    if (reason === undefined || reason === this.#told) return [];
    this.#told = reason;
    const suite = this.#suite === undefined ? {} : { suite: this.#suite };
    return [createEvent('peer.refused', { ...this.#link, ...suite, reason })];
  }

  get #link(): { peer: string; executor: string } {
    const { peer, executor } = this.options;
    return { peer, executor };
  }
}

/** @returns undefined for a server that is no peer */
export function peerLinkOf(
  { name, target, settings }: UpstreamDefinition,
  executor: string,
  identity: Pick<SuiteIdentity, 'read'>,
): PeerLink | undefined {
  if (settings.peer === undefined || target.kind !== 'http') return undefined;
  return new PeerLink({ peer: name, executor, url: target.url, wanted: settings.peer.suite }, identity);
}

/** Without user, password and query. */
function bare(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
