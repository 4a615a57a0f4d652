import type { Severity } from '@signalbox/contracts';
import type { NotificationView } from '@signalbox/domain/notification';
import type { ServiceContext } from '@signalbox/nest-kit';
import type { Channel } from './channel.js';

const LEVELS: Readonly<Record<Severity, 'info' | 'warn' | 'error'>> = {
  info: 'info',
  warning: 'warn',
  critical: 'error',
};

/** One line in the log of this process for each notification. */
export class LogChannel implements Channel {
  constructor(private readonly logger: ServiceContext['logger']) {}

  send({
    notification,
    topic,
    severity,
    subject,
    server,
    rule,
    count,
    facts,
    text,
  }: NotificationView): Promise<string> {
    const fields = { notification, topic, severity, subject, server, rule, count, facts };
    this.logger?.[LEVELS[severity]](fields, text);
    return Promise.resolve('written');
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** The event `notification.raised` is all there is to it: the relay publishes it as it does every event of the log. */
export class EventChannel implements Channel {
  send(): Promise<string> {
    return Promise.resolve('in the log');
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
