import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { createEvent } from '@signalbox/contracts';
import { planRedirect, type RedirectStep, type ServerView } from '@signalbox/domain/server';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { Candidacy } from '@signalbox/ports';
import { ServerViews } from '../servers/server-views.js';
import { ServerWriter } from './server-writer.js';

/** What the leader of the recovery leads. */
export const RECOVERY = 'recovery';
/** Changes that come together are looked at together. Milliseconds. */
const SETTLE_MS = 50;
const RETRY_MS = 1_000;
const MAX_TIMER_MS = 2_147_483_647;

/**
 * Sends calls of servers that have failed to their stand-ins, and back: decides while this registry leads, by events that every
 * executor follows. Where no server has a stand-in, there is nothing to lead.
 */
@Injectable()
export class RedirectRecovery implements OnModuleInit, BeforeApplicationShutdown {
  #candidacy: Candidacy | undefined;
  #leads = false;
  #ended = false;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Infinity;
  #turn: Promise<void> = Promise.resolve();

  constructor(
    @InjectContext() private readonly context: ServiceContext,
    private readonly views: ServerViews,
    private readonly writer: ServerWriter,
  ) {}

  onModuleInit(): void {
    this.views.onChange(({ server }) => {
      const view = this.views.get(server)?.view;
      if (view?.redirectTo !== undefined || view?.redirect) this.#campaign();
      if (this.#leads) this.#lookIn(SETTLE_MS);
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#ended = true;
    this.#follow();
    await this.#candidacy?.resign();
    await this.#turn;
  }

  #campaign(): void {
    if (this.#candidacy || this.#ended) return;
    const { ports, instanceId } = this.context;
    this.#candidacy = ports.leader.campaign(RECOVERY, instanceId, {
      elected: () => {
        this.#leads = true;
        this.#lookIn(0);
      },
      deposed: () => this.#follow(),
    });
  }

  #follow(): void {
    this.#leads = false;
    clearTimeout(this.#timer);
    this.#dueAt = Infinity;
  }

  #lookIn(ms: number): void {
    const dueAt = Date.now() + ms;
    if (!this.#leads || dueAt >= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(
      () => {
        this.#dueAt = Infinity;
        this.#turn = this.#turn.then(() => this.#look());
      },
      Math.min(ms, MAX_TIMER_MS),
    );
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const concerned = this.views.all().filter(({ view }) => view.redirectTo !== undefined || view.redirect);
    for (const { view } of concerned) {
      if (!this.#leads) return;
      try {
        const step = this.#plan(view.server);
        if (step.kind === 'wait') this.#lookIn(Math.max(0, step.until - Date.now()));
        else if (step.kind !== 'none') await this.#carryOut(view.server);
      } catch (error) {
        this.context.logger?.warn(
          { err: error, server: view.server },
          'its calls could not be redirected; it is tried again',
        );
        this.#lookIn(RETRY_MS);
      }
    }
  }

  /** What is to be done, after everything that is in the log by then. */
  #carryOut(server: string): Promise<void> {
    return this.writer.decide(async () => {
      const step = this.#plan(server);
      if (!this.#leads || step.kind === 'wait' || step.kind === 'none') return;
      const data = { server, to: step.to, who: this.context.instanceId, why: step.why };
      const type = step.kind === 'redirect' ? 'server.redirected' : 'server.redirect_ended';
      await this.writer.append(server, createEvent(type, data));
    });
  }

  #plan(server: string): RedirectStep {
    const find = (name: string): ServerView | undefined => this.views.get(name)?.view;
    const view = find(server);
    return view ? planRedirect(view, find, Date.now()) : { kind: 'none' };
  }
}
