import { Inject } from '@nestjs/common';

export const NOTIFICATIONS_CONFIG = Symbol('NotificationsConfig');

export const InjectNotificationsConfig = () => Inject(NOTIFICATIONS_CONFIG);
