import { Module, type DynamicModule } from '@nestjs/common';
import { EntityLogModule } from '../../entity-log.module.js';
import { NOTIFICATIONS_CONFIG } from './inject-notifications-config.js';
import { NotificationBook } from './notification-book.js';
import type { NotificationsConfig } from './notification-config.js';
import { NotificationLeader } from './notification-leader.js';
import { NotificationRaiser } from './notification-raiser.js';
import { NotificationSender } from './notification-sender.js';
import { NotificationsController } from './notifications.controller.js';

/** Tells operators what the rules of `signalbox.notifications` name, by log, webhook and event. */
@Module({})
export class NotificationsModule {
  static with(config: NotificationsConfig): DynamicModule {
    return {
      module: NotificationsModule,
      imports: [EntityLogModule],
      controllers: [NotificationsController],
      providers: [
        { provide: NOTIFICATIONS_CONFIG, useValue: config },
        NotificationBook,
        NotificationRaiser,
        NotificationSender,
        NotificationLeader,
      ],
    };
  }
}
