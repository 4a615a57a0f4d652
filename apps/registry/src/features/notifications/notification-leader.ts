import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { Candidacy } from '@signalbox/ports';
import { EntityLog } from '../../entity-log.js';
import { InjectNotificationsConfig } from './inject-notifications-config.js';
import type { NotificationsConfig } from './notification-config.js';
import { NotificationRaiser } from './notification-raiser.js';
import { NotificationSender } from './notification-sender.js';

/** What the leader of the notifications leads. */
export const NOTIFICATIONS = 'notifications';
const RETRY_MS = 1_000;

/** Of several registries, one tells the operators. Where there are no rules, none does. */
@Injectable()
export class NotificationLeader implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #candidacy: Candidacy | undefined;
  #leads = false;
  #stopping: Promise<void> = Promise.resolve();

  constructor(
    @InjectNotificationsConfig() private readonly config: NotificationsConfig,
    @InjectContext() private readonly context: ServiceContext,
    private readonly entityLog: EntityLog,
    private readonly raiser: NotificationRaiser,
    private readonly sender: NotificationSender,
  ) {}

  get leads(): boolean {
    return this.#leads;
  }

  onApplicationBootstrap(): void {
    if (this.config.rules.length === 0) return;
    const { ports, instanceId } = this.context;
    this.#candidacy = ports.leader.campaign(NOTIFICATIONS, instanceId, {
      elected: () => {
        this.#leads = true;
        void this.#stopping.then(() => this.#begin());
      },
      deposed: () => this.#end(),
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#end();
    await this.#candidacy?.resign();
    await this.#stopping;
  }

  async #begin(): Promise<void> {
    if (!this.#leads) return;
    this.raiser.start();
    try {
      // what the leader before has settled is owed no more
      await this.entityLog.caughtUp();
      if (this.#leads) this.sender.begin();
    } catch (error) {
      if (!this.#leads) return;
      this.context.logger?.warn({ err: error }, 'notifications wait for the log');
      setTimeout(() => void this.#begin(), RETRY_MS).unref();
    }
  }

  #end(): void {
    this.#leads = false;
    this.sender.end();
    this.#stopping = this.raiser.stop();
  }
}
