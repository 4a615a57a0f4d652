import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { createEvent } from '@signalbox/contracts';
import type { NotificationView } from '@signalbox/domain/notification';
import { InjectContext, InjectEventLog, type ServiceContext } from '@signalbox/nest-kit';
import { EventLog } from '@signalbox/runtime';
import { ChannelQueue, type Settlement } from './channel-queue.js';
import type { Channel } from './channels/channel.js';
import { EventChannel, LogChannel } from './channels/plain-channels.js';
import { WebhookChannel } from './channels/webhook-channel.js';
import { InjectNotificationsConfig } from './inject-notifications-config.js';
import { NotificationBook } from './notification-book.js';
import { channelsOf, type ChannelConfig, type NotificationsConfig } from './notification-config.js';

export const NOTIFICATION_STREAM = 'notifications';

/**
 * Sends, while it is begun, what the log says is owed, and writes down what became of it. At least once: what was sent, and not
 * written down before an end, is sent again with the same id.
 */
@Injectable()
export class NotificationSender implements OnModuleInit, BeforeApplicationShutdown {
  readonly channels: ReadonlyMap<string, ChannelConfig>;
  readonly #opened = new Map<string, Channel>();
  #queues: ReadonlyMap<string, ChannelQueue> | undefined;
  readonly #writing = new Set<Promise<unknown>>();

  constructor(
    @InjectNotificationsConfig() private readonly config: NotificationsConfig,
    @InjectContext() private readonly context: ServiceContext,
    @InjectEventLog() private readonly log: EventLog,
    private readonly book: NotificationBook,
  ) {
    this.channels = channelsOf(config);
    for (const [name, channel] of this.channels) this.#opened.set(name, this.#open(channel));
  }

  onModuleInit(): void {
    this.book.onRaised((view) => this.#take(view));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.end();
    await Promise.all([...this.#opened.values()].map((channel) => channel.close()));
    await Promise.allSettled(this.#writing);
  }

  /** Sends what is owed, and what comes from now on. To be called when the book is up to the log. */
  begin(): void {
    if (this.#queues) return;
    const queues = new Map<string, ChannelQueue>();
    for (const [name, config] of this.channels) {
      const settled = (view: NotificationView, settlement: Settlement) => this.#settle(name, view, settlement);
      queues.set(name, new ChannelQueue(this.#opened.get(name)!, config, this.config.maxAgeMs, settled));
    }
    this.#queues = queues;
    for (const view of this.book.owed()) this.#take(view);
  }

  /** Another registry goes on with it. */
  end(): void {
    for (const queue of this.#queues?.values() ?? []) queue.stop();
    this.#queues = undefined;
  }

  /** The queue of a channel, where this registry sends. */
  queue(name: string): ChannelQueue | undefined {
    return this.#queues?.get(name);
  }

  /** One try, at once, that is in no queue and not in the log. @throws Error when it was not taken */
  test(name: string, view: NotificationView): Promise<string> {
    return this.#opened.get(name)!.send(view, AbortSignal.timeout(this.channels.get(name)!.timeoutMs));
  }

  #take(view: NotificationView): void {
    if (!this.#queues) return;
    for (const [name, { state }] of Object.entries(view.deliveries)) {
      if (state !== 'owed') continue;
      const queue = this.#queues.get(name);
      if (queue) queue.add(view);
      else this.#settle(name, view, { kind: 'failed', attempts: 0, reason: `there is no channel ${name} any more` });
    }
  }

  #settle(channel: string, { notification }: NotificationView, settlement: Settlement): void {
    const { kind, attempts } = settlement;
    const about = { notification, channel, attempts };
    const event =
      kind === 'sent'
        ? createEvent('notification.sent', { ...about, answer: settlement.answer })
        : createEvent('notification.failed', { ...about, reason: settlement.reason });
    if (kind === 'failed')
      this.context.logger?.warn({ ...about, reason: settlement.reason }, 'a notification was not taken');
    // one end for each channel: what another leader has written first counts
    const written = this.log
      .keep({
        stream: NOTIFICATION_STREAM,
        expectedVersion: 'any',
        events: [event],
        commitId: `notification.${notification}.${channel}`,
        metadata: { correlationId: notification },
      })
      .catch((error: unknown) =>
        this.context.logger?.error({ err: error, ...about }, 'what became of a notification could not be written'),
      )
      .finally(() => this.#writing.delete(written));
    this.#writing.add(written);
  }

  #open(config: ChannelConfig): Channel {
    const { logger, version } = this.context;
    if (config.type === 'webhook') return new WebhookChannel(config, `Signalbox/${version}`);
    return config.type === 'log' ? new LogChannel(logger) : new EventChannel();
  }
}
