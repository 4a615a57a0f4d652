import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { RecordedEvent } from '@signalbox/contracts';
import { evolveNotification, isOwed, type NotificationView } from '@signalbox/domain/notification';
import { EntityLog } from '../../entity-log.js';
import { InjectNotificationsConfig } from './inject-notifications-config.js';
import type { NotificationsConfig } from './notification-config.js';

/** The newest notifications and those that are owed, as the log tells them; the same in every registry. */
@Injectable()
export class NotificationBook implements OnModuleInit {
  readonly #views = new Map<string, NotificationView>();
  readonly #listeners: ((view: NotificationView) => void)[] = [];

  constructor(
    private readonly log: EntityLog,
    @InjectNotificationsConfig() private readonly config: NotificationsConfig,
  ) {}

  onModuleInit(): void {
    this.log.onEvent((event) => this.#apply(event));
  }

  /** Hears of each that is new. */
  onRaised(listener: (view: NotificationView) => void): void {
    this.#listeners.push(listener);
  }

  /** The newest first. */
  newest(): NotificationView[] {
    return [...this.#views.values()].reverse();
  }

  get(id: string): NotificationView | undefined {
    return this.#views.get(id);
  }

  /** The oldest first. */
  owed(): NotificationView[] {
    return [...this.#views.values()].filter(isOwed);
  }

  #apply(event: RecordedEvent): void {
    if (!event.type.startsWith('notification.')) return;
    const { notification } = event.data as { readonly notification: string };
    const before = this.#views.get(notification);
    const after = evolveNotification(before, event);
    if (!after || after === before) return;
    this.#views.set(notification, after);
    if (before) return;
    this.#forget();
    for (const listener of this.#listeners) listener(after);
  }

  /** Settled ones beyond what is shown, and those that are too old to be owed. */
  #forget(): void {
    if (this.#views.size <= this.config.maxShown) return;
    const oldest = Date.now() - this.config.maxAgeMs;
    for (const [id, view] of this.#views) {
      if (isOwed(view) && Date.parse(view.raisedAt) >= oldest) continue;
      this.#views.delete(id);
      return;
    }
  }
}
