import { SEVERITIES } from '@signalbox/contracts';
import type { NotificationView } from '@signalbox/domain/notification';
import { notificationRaised } from '@signalbox/contracts';
import * as z from 'zod';
import type { NotificationSender } from './notification-sender.js';

export const DELIVERY_STATES = ['owed', 'sent', 'failed'] as const;

const deliverySchema = z.object({
  state: z.enum(DELIVERY_STATES),
  attempts: z.number().int().describe('Of what is owed, those of the registry that leads, where it is the one asked'),
  at: z.string().optional().describe('When it was settled'),
  answer: z.string().optional().describe('What the channel answered'),
  reason: z.string().optional().describe('Why it failed'),
  error: z.string().optional().describe('Of the last try of what is owed'),
  nextTryAt: z.string().optional(),
});

export const notificationAnswerSchema = notificationRaised.schema.extend({
  raisedAt: z.string(),
  deliveries: z.record(z.string(), deliverySchema).describe('By channel'),
});
export type NotificationAnswer = z.infer<typeof notificationAnswerSchema>;

export const channelAnswerSchema = z.object({
  name: z.string(),
  type: z.string(),
  url: z.string().optional().describe('Its origin: paths of webhooks are often secret'),
  signed: z.boolean().optional(),
  owed: z.number().int().describe('Notifications that it has not taken yet'),
});
export type ChannelAnswer = z.infer<typeof channelAnswerSchema>;

export const notificationsQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  state: z.enum(DELIVERY_STATES).optional().describe('In some channel, or in `channel`'),
  channel: z.string().optional(),
  topic: z.string().optional(),
  server: z.string().optional(),
  severity: z.enum(SEVERITIES).optional().describe('This one and what is worse'),
});
export type NotificationsQuery = z.infer<typeof notificationsQuerySchema>;

export function answersQuery(view: NotificationView, query: NotificationsQuery): boolean {
  const { state, channel, topic, server, severity } = query;
  if (topic !== undefined && view.topic !== topic) return false;
  if (server !== undefined && view.server !== server) return false;
  if (severity !== undefined && SEVERITIES.indexOf(view.severity) < SEVERITIES.indexOf(severity)) return false;
  const deliveries = Object.entries(view.deliveries).filter(([name]) => channel === undefined || name === channel);
  return deliveries.some(([, delivery]) => state === undefined || delivery.state === state);
}

/** As the log has it, with what only the queues know of what is owed. */
export function notificationAnswer(view: NotificationView, sender: NotificationSender): NotificationAnswer {
  const deliveries = Object.entries(view.deliveries).map(([name, delivery]) => {
    const waiting = delivery.state === 'owed' ? sender.queue(name)?.stateOf(view.notification) : undefined;
    return [name, { ...delivery, ...waiting }] as const;
  });
  return { ...view, channels: [...view.channels], deliveries: Object.fromEntries(deliveries) };
}

export function channelAnswers(sender: NotificationSender, owed: readonly NotificationView[]): ChannelAnswer[] {
  return [...sender.channels].map(([name, { type, url, secret }]) => ({
    name,
    type,
    ...(url === undefined ? {} : { url: plainUrl(url), signed: secret !== undefined }),
    owed: owed.filter(({ deliveries }) => deliveries[name]?.state === 'owed').length,
  }));
}

/** A path may be a secret, too: that of many chat services is. */
function plainUrl(text: string): string {
  const { origin, pathname } = new URL(text);
  return pathname === '/' ? origin : `${origin}/…`;
}
