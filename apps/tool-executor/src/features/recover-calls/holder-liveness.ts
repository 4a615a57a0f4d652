import { Injectable } from '@nestjs/common';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import { ProcessRun } from './process-run.js';

/** How long an answer about leases is good for, in milliseconds: much less than a lease. */
const FRESH_MS = 500;

export interface Holder {
  readonly actor: string;
  readonly commitId: string;
}

/** Whether the process that holds a claim may still act on it. */
@Injectable()
export class HolderLiveness {
  #live: Promise<ReadonlySet<string>> | undefined;
  #askedAt = -Infinity;

  constructor(
    @InjectContext() private readonly context: ServiceContext,
    private readonly run: ProcessRun,
  ) {}

  /** True when only one process writes to the log: this one. */
  get isAlone(): boolean {
    return this.context.ports.leases === undefined;
  }

  /**
   * Of this instance's own name, whether this very process holds it: an earlier one cannot have the name any more. Of
   * another name, whether it is leased: its newer run ends by itself what its earlier one left.
   * @throws StoreUnavailableError
   */
  async isLive({ actor, commitId }: Holder): Promise<boolean> {
    if (actor === this.context.instanceId) return this.run.isMine(commitId);
    return this.isLeased(actor);
  }

  async isLeased(instance: string): Promise<boolean> {
    const { leases } = this.context.ports;
    if (leases === undefined) return false;
    const now = performance.now();
    if (!this.#live || now - this.#askedAt > FRESH_MS) {
      this.#askedAt = now;
      this.#live = leases.holders().then((all) => new Set(all.filter(({ live }) => live).map(({ name }) => name)));
      this.#live.catch(() => (this.#live = undefined));
    }
    return (await this.#live).has(instance);
  }
}
