import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { SUITE_ID, peerScope, type RpcError } from '@signalbox/contracts';
import { ErrorCode, rpcError } from '@signalbox/mcp';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import { backendUnavailable } from '../../errors.js';
import { CatalogueFollower } from '../catalogue/catalogue-follower.js';
import { FederationSettings } from './federation-settings.js';
import { Suite } from './suite.js';

/** `/peers/:suite/mcp`: what one peer sees. */
@Injectable()
export class PeerDoor implements OnApplicationBootstrap {
  /** Suites that have come, the one that came last is the last. */
  readonly #seen = new Set<string>();

  constructor(
    private readonly own: Suite,
    private readonly settings: FederationSettings,
    private readonly follower: CatalogueFollower,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  /** Where the log is away now, the first peer asks it again. */
  onApplicationBootstrap(): void {
    this.#ownId().catch((err: unknown) => this.context.logger?.warn({ err }, 'the id of this suite could not be read'));
  }

  /** Why a suite may not come in, or undefined when it may. */
  async refusalOf(suite: string): Promise<{ readonly status: number; readonly error: RpcError } | undefined> {
    const refused = (status: number, message: string) => ({
      status,
      error: rpcError(ErrorCode.InvalidRequest, message),
    });
    const { accepts, maxPeers } = this.settings.now;
    if (!accepts) return refused(403, 'This suite takes no peers: signalbox.federation.accepts is false');
    if (!SUITE_ID.test(suite)) {
      return refused(404, `Not the id of a suite: "${suite.slice(0, 100)}"; an id has 26 letters and digits`);
    }
    let own: string;
    try {
      own = this.own.known ?? (await this.#ownId());
    } catch {
      return { status: 503, error: backendUnavailable() };
    }
    if (suite === own) return refused(403, `A suite is not its own peer: this is ${own}`);
    this.#note(suite, maxPeers);
    return undefined;
  }

  /** What was shown before cannot have been without what comes back from peers. */
  async #ownId(): Promise<string> {
    const own = await this.own.read();
    this.follower.refresh();
    return own;
  }

  /** What is kept for peers is bounded: who has not come for the longest time is forgotten, until it comes again. */
  #note(suite: string, maxPeers: number): void {
    this.#seen.delete(suite);
    this.#seen.add(suite);
    if (this.#seen.size <= maxPeers) return;
    const [oldest] = this.#seen;
    this.#seen.delete(oldest!);
    this.follower.unwatch(peerScope(oldest!));
  }
}
