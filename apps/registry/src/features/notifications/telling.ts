import { createEvent, type EventData, type NewEvent, type RecordedEvent } from '@signalbox/contracts';
import { isToldBy, TOPICS, type News, type QuietWindow, type TopicName } from '@signalbox/domain/notification';
import { createHash } from 'node:crypto';
import { ruleName, type NotificationsConfig, type RuleConfig } from './notification-config.js';
import { compileTemplate, type Template } from './templates.js';

/** At the end of each default text. */
const OFTEN = '{{#if repeated}} ({{count}} times since {{since}}){{/if}}';

/** News, and the event that it comes from, as they are kept while they are held back. */
export interface NewsItem {
  readonly rule: string;
  readonly news: News;
  readonly source: EventData<'notification.raised'>['source'];
}

/** One rule, with its templates compiled. */
export interface Teller {
  readonly name: string;
  readonly quietMs: number;
  tells(news: News): boolean;
  /** @param held of several happenings that are told at once */
  raise(item: NewsItem, id: string, at: number, held?: QuietWindow<NewsItem>): NewEvent<'notification.raised'>;
}

export function tellersOf(config: NotificationsConfig): Teller[] {
  const byTopic = new Map<TopicName, Template>();
  const templateOf = (topic: TopicName): Template => {
    let template = byTopic.get(topic);
    const text = config.templates[topic] ?? `${TOPICS[topic].text}${OFTEN}`;
    if (!template) byTopic.set(topic, (template = compileTemplate(text)));
    return template;
  };
  return config.rules.map((rule, index) => {
    const own = rule.template === undefined ? undefined : compileTemplate(rule.template);
    return tellerOf(rule, ruleName(rule, index), rule.quietMs ?? config.quietMs, (topic) => own ?? templateOf(topic));
  });
}

function tellerOf(rule: RuleConfig, name: string, quietMs: number, templateOf: (topic: TopicName) => Template): Teller {
  const channels = [...new Set(rule.channels)];
  return {
    name,
    quietMs,
    tells: (news) => isToldBy(rule, news),
    raise({ news, source }, id, at, held) {
      const { topic, severity, subject, server, facts } = news;
      const count = held?.held ?? 1;
      const times = { since: iso(held?.since ?? at), until: iso(held?.last ?? at) };
      const values = { ...facts, topic, severity, subject, server, rule: name, ...times, notification: id };
      return createEvent('notification.raised', {
        notification: id,
        rule: name,
        topic,
        severity,
        subject,
        ...(server === undefined ? {} : { server }),
        text: templateOf(topic)({ ...values, count, repeated: count > 1 }),
        channels,
        count,
        ...times,
        facts: facts as Record<string, string | number>,
        source,
      });
    },
  };
}

/** The same for the same rule and event, however often it is decided. */
export function notificationId(rule: string, eventId: string, kind: 'told' | 'held'): string {
  const hash = createHash('sha256').update(`notifications|${kind}|${rule}|${eventId}`).digest('hex');
  return `ntf_${hash.slice(0, 32)}`;
}

export const sourceOf = ({ id, type, stream }: RecordedEvent): NewsItem['source'] => ({ id, type, stream });

const iso = (at: number): string => new Date(at).toISOString();
