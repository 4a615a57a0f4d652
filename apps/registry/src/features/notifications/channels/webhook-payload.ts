import type { NotificationView } from '@signalbox/domain/notification';
import type { Template } from '../templates.js';

/**
 * What is posted: `type`, `timestamp` and `data`, as Standard Webhooks recommends.
 * @param body makes another one
 */
export function webhookPayload(view: NotificationView, body: Template | undefined): string {
  const { notification, topic, severity, subject, server, rule, text, count, since, until, facts, source } = view;
  const common = { notification, severity, subject, ...(server === undefined ? {} : { server }), rule, text };
  if (body) return body({ ...facts, ...common, topic, count, repeated: count > 1, since, until });
  return JSON.stringify({
    type: topic,
    timestamp: until,
    data: { ...common, count, since, until, facts, event: source },
  });
}
