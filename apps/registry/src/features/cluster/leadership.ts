import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { createEvent, newId } from '@signalbox/contracts';
import { InjectContext, InjectEventLog, type ServiceContext } from '@signalbox/nest-kit';
import type { Candidacy } from '@signalbox/ports';
import { EventLog } from '@signalbox/runtime';

/** What the leader of the cluster leads. */
export const CLUSTER = 'cluster';

export interface LeaderWork {
  /** @param term higher than that of every leader before */
  lead(term: number): void;
  /** Ends what it does as leader. */
  follow(): void;
}

/** Whether this registry leads the cluster; one of all registries does. */
@Injectable()
export class Leadership implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #work: LeaderWork[] = [];
  #candidacy: Candidacy | undefined;
  #term: number | undefined;
  #recording: Promise<unknown> = Promise.resolve();

  constructor(
    @InjectContext() private readonly context: ServiceContext,
    @InjectEventLog() private readonly log: EventLog,
  ) {}

  /** Of this registry as leader; undefined while another one leads. */
  get term(): number | undefined {
    return this.#term;
  }

  /** Adds what a leader does. To be called before the application has started. */
  add(work: LeaderWork): void {
    this.#work.push(work);
  }

  /** The registry that leads now; undefined when nobody does, or it cannot be asked. */
  async leader(): Promise<string | undefined> {
    if (this.#term !== undefined) return this.context.instanceId;
    return this.context.ports.leader.leader(CLUSTER).catch(() => undefined);
  }

  onApplicationBootstrap(): void {
    const { ports, instanceId } = this.context;
    this.#candidacy = ports.leader.campaign(CLUSTER, instanceId, {
      elected: (term) => {
        this.#term = term;
        this.#recording = this.#record(term);
        for (const work of this.#work) work.lead(term);
      },
      deposed: () => this.#follow(),
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#follow();
    await this.#candidacy?.resign();
    await this.#recording;
  }

  #follow(): void {
    if (this.#term === undefined) return;
    this.#term = undefined;
    for (const work of this.#work) work.follow();
  }

  #record(term: number): Promise<unknown> {
    const { instanceId, logger } = this.context;
    logger?.info({ term }, 'leads the cluster');
    const commitId = newId();
    const events = [createEvent('cluster.leader_elected', { instanceId, term })];
    const request = { stream: 'cluster', expectedVersion: 'any' as const, events, commitId };
    return this.log
      .append({ ...request, metadata: { correlationId: commitId } })
      .catch((error: unknown) => logger?.warn({ err: error, term }, 'its election could not be recorded'));
  }
}
