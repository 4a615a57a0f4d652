import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import {
  planDiscovery,
  urlsOf,
  type Duplicate,
  type PlannedServer,
  type SourceAnswer,
} from '@signalbox/domain/discovery';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { Candidacy } from '@signalbox/ports';
import { DiscoveredServers } from './discovered-servers.js';
import type { DiscoveryConfig } from './discovery-config.js';
import { InjectDiscoveryConfig } from './inject-discovery-config.js';
import { makeSources } from './make-sources.js';
import { SourceRunner } from './source-runner.js';

/** What the leader of the discovery leads. */
export const DISCOVERY = 'discovery';
/** Wait before what could not be written is tried again. */
const RETRY_MS = 1_000;

/** What became of the servers that the sources name. */
export interface Outcome {
  readonly defined: readonly PlannedServer[];
  readonly duplicates: readonly Duplicate[];
  /** Name → why the server is not taken. */
  readonly refused: ReadonlyMap<string, string>;
  /** Name → since when no source names it, milliseconds since the epoch. */
  readonly missing: ReadonlyMap<string, number>;
}

const NOTHING: Outcome = { defined: [], duplicates: [], refused: new Map(), missing: new Map() };

/** Asks the sources while this registry leads, and brings the servers that there are to what they name. */
@Injectable()
export class Discoverer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly runners: readonly SourceRunner[];
  #outcome = NOTHING;
  #candidacy: Candidacy | undefined;
  #leads = false;
  #turn: Promise<void> = Promise.resolve();
  #isWanted = false;
  #timer: NodeJS.Timeout | undefined;
  #isOwn: (url: string) => boolean = () => false;

  constructor(
    @InjectDiscoveryConfig() readonly config: DiscoveryConfig,
    @InjectContext() private readonly context: ServiceContext,
    private readonly servers: DiscoveredServers,
  ) {
    const sources = makeSources(config, context.config.env, context.version);
    this.runners = sources.map((source) => new SourceRunner(source, config, () => this.#applySoon()));
  }

  get leads(): boolean {
    return this.#leads;
  }

  get outcome(): Outcome {
    return this.#outcome;
  }

  /** Whether a URL is one of this Signalbox itself, as the last turn saw it. */
  readonly isOwn = (url: string): boolean => this.#isOwn(url);

  onApplicationBootstrap(): void {
    if (this.runners.length === 0) return;
    const { ports, instanceId } = this.context;
    this.#candidacy = ports.leader.campaign(DISCOVERY, instanceId, {
      elected: () => this.#lead(),
      deposed: () => this.#follow(),
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#follow();
    await this.#candidacy?.resign();
    await Promise.all(this.runners.map((runner) => runner.stop()));
    await this.#turn;
  }

  /** Asks these sources now; resolves when what they name is taken. */
  async run(runners: readonly SourceRunner[] = this.runners): Promise<void> {
    await Promise.all(runners.map((runner) => runner.run()));
    this.#applySoon();
    await this.#turn;
  }

  #lead(): void {
    this.#leads = true;
    for (const runner of this.runners) runner.start();
  }

  #follow(): void {
    this.#leads = false;
    clearTimeout(this.#timer);
    this.#outcome = NOTHING;
    for (const runner of this.runners) void runner.stop();
  }

  /** One time after the other; what comes meanwhile is in the next. */
  #applySoon(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#turn = this.#turn.then(async () => {
      this.#isWanted = false;
      clearTimeout(this.#timer);
      if (!this.#leads) return;
      try {
        await this.#apply();
        this.#waitForGrace();
      } catch (error) {
        this.context.logger?.warn({ err: error }, 'what discovery has found could not be taken; it is tried again');
        this.#applyIn(RETRY_MS);
      }
    });
  }

  async #apply(): Promise<void> {
    const { graceMs, approve } = this.config;
    this.#isOwn = await this.servers.ownEndpoints();
    const answers = this.runners.map(({ answer }) => withoutOwn(answer, this.#isOwn));
    const defined = await this.servers.defined();
    const plan = planDiscovery({ answers, defined, missing: this.#outcome.missing }, Date.now(), graceMs);
    const refused = new Map<string, string>();
    for (const server of plan.define) {
      if (!this.#leads) return;
      const reason = await this.servers.define(server, approve === 'manual');
      if (reason !== undefined) this.#refuse(refused, server.name, reason);
    }
    const missing = new Map(plan.missing);
    for (const name of plan.remove) {
      if (!this.#leads) return;
      const reason = await this.servers.remove(name);
      if (reason === undefined) missing.delete(name);
      else this.#refuse(refused, name, reason);
    }
    this.#outcome = { defined: plan.define, duplicates: plan.duplicates, refused, missing };
  }

  #refuse(refused: Map<string, string>, name: string, reason: string): void {
    refused.set(name, reason);
    if (this.#outcome.refused.get(name) !== reason) {
      this.context.logger?.warn({ server: name, reason }, 'discovery: a server is not taken');
    }
  }

  /** Nothing else may happen until somebody has been missing for long enough. */
  #waitForGrace(): void {
    const now = Date.now();
    const due = [...this.#outcome.missing.values()].map((since) => since + this.config.graceMs - now);
    const next = due.filter((ms) => ms > 0);
    if (next.length > 0) this.#applyIn(Math.min(...next));
  }

  #applyIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#applySoon(), ms);
    this.#timer.unref();
  }
}

function withoutOwn(answer: SourceAnswer, isOwn: (url: string) => boolean): SourceAnswer {
  if (answer.found === undefined) return answer;
  const found = answer.found.filter(({ entry }) => !urlsOf(entry).some(isOwn));
  return { ...answer, found };
}
