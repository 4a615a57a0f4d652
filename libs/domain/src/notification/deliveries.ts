import type { EventData, RecordedEvent } from '@signalbox/contracts';

export type RaisedNotification = EventData<'notification.raised'>;

/** What became of a notification in one channel. */
export interface Delivery {
  readonly state: 'owed' | 'sent' | 'failed';
  readonly attempts: number;
  /** When it was settled, RFC 3339. */
  readonly at?: string;
  readonly answer?: string;
  readonly reason?: string;
}

export interface NotificationView extends RaisedNotification {
  /** RFC 3339. */
  readonly raisedAt: string;
  readonly deliveries: Readonly<Record<string, Delivery>>;
}

const OWED: Delivery = { state: 'owed', attempts: 0 };

/** The notification after one more event. Events of other notifications must not be given. */
export function evolveNotification(
  view: NotificationView | undefined,
  event: Pick<RecordedEvent, 'type' | 'data' | 'time'>,
): NotificationView | undefined {
  const { type, data, time } = event as RecordedEvent;
  switch (type) {
    case 'notification.raised': {
      const deliveries = Object.fromEntries(data.channels.map((channel) => [channel, OWED]));
      return view ?? { ...data, raisedAt: time, deliveries };
    }
    case 'notification.sent':
    case 'notification.failed': {
      const before = view?.deliveries[data.channel];
      if (!view || before?.state !== 'owed') return view;
      const { notification: _id, channel, ...said } = data;
      const state = type === 'notification.sent' ? 'sent' : 'failed';
      return { ...view, deliveries: { ...view.deliveries, [channel]: { state, at: time, ...said } } };
    }
    default:
      return view;
  }
}

export function isOwed({ deliveries }: NotificationView): boolean {
  return Object.values(deliveries).some(({ state }) => state === 'owed');
}
