import { joinPath, SEVERITIES } from '@signalbox/contracts';
import { TOPIC_NAMES, topicsOf } from '@signalbox/domain/notification';
import type { ConfigSource } from '@signalbox/ports';
import * as z from 'zod';
import { compileBody, compileTemplate } from './templates.js';

const ms = (fallback: number, min = 1, max = 3_600_000) => z.number().int().min(min).max(max).default(fallback);
const count = (fallback: number, max: number) => z.number().int().min(1).max(max).default(fallback);
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/, 'must be letters, digits, - and _, at most 40');
const template = z.string().min(1).max(10_000);
const CHANNEL_TYPES = ['webhook', 'log', 'event'] as const;
const NAMED_RULE = /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$/;
/** What only webhooks have. */
const WEBHOOK_KEYS = ['url', 'secret', 'headers', 'body'] as const;
const SECRET_BYTES = { min: 24, max: 64 };

/** A key as Standard Webhooks writes it. */
const secret = z
  .string()
  .refine(isKey, 'must be whsec_ and the base64 of 24 to 64 bytes, as `openssl rand -base64 32` makes them');

/** Channels that are there without being configured. */
const BUILT_IN = { log: { type: 'log' }, event: { type: 'event' } } as const;

export const notificationsConfigSchema = z
  .strictObject({
    /** Where notifications go, by name; `log` and `event` are there anyway. */
    channels: z
      .record(
        name,
        z
          .strictObject({
            /** `webhook` posts it to a URL, `log` writes it to the log of the registry, `event` leaves it at the event `notification.raised`. */
            type: z.enum(CHANNEL_TYPES, { error: `must be one of: ${CHANNEL_TYPES.join(', ')}` }),
            /** Of a webhook. */
            url: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional(),
            /** Signs what is sent (Standard Webhooks, `whsec_…`); several while one takes the place of another. */
            secret: z.union([secret, z.array(secret).min(1).max(5)]).optional(),
            /** Further headers of a webhook. */
            headers: z.record(z.string().regex(/^[A-Za-z0-9-]{1,100}$/), z.string().max(4_000)).default({}),
            /** Template of the whole body in JSON, for receivers that want another one. */
            body: template.optional(),
            /** Whether the URL may lead to addresses that are not public. */
            allowPrivate: z.boolean().default(true),
            /** Longest time for one try. */
            timeoutMs: ms(10_000, 50, 120_000),
            /** Tries, the first included. */
            maxAttempts: count(10, 100),
            /** Wait after the first try that failed; it doubles with each, by chance shorter by up to a half. */
            minBackoffMs: ms(1_000, 10),
            /** Longest wait between two tries; a `Retry-After` of the receiver counts up to this, too. */
            maxBackoffMs: ms(300_000, 10),
            /** Tries at a time. */
            parallel: count(4, 100),
            /** Notifications that may wait for this channel. */
            maxQueued: count(1_000, 100_000),
          })
          .superRefine((channel, context) => {
            const isWebhook = channel.type === 'webhook';
            if (isWebhook && channel.url === undefined)
              context.addIssue({ code: 'custom', path: ['url'], message: 'is missing: a webhook needs one' });
            for (const key of isWebhook ? [] : WEBHOOK_KEYS) {
              const value = channel[key];
              if (value === undefined || (key === 'headers' && Object.keys(value).length === 0)) continue;
              context.addIssue({
                code: 'custom',
                path: [key],
                message: `is for webhooks; this is of type ${channel.type}`,
              });
            }
            if (channel.body !== undefined) checkTemplate(compileBody, channel.body, ['body'], context);
          }),
      )
      .default({}),
    /** What is told, and where. Each rule is for itself: what two name is told twice. */
    rules: z
      .array(
        z
          .strictObject({
            /** In the log; the number of the rule when absent. */
            name: z.string().regex(NAMED_RULE, 'must be letters, digits, spaces and . _ -, at most 100').optional(),
            /** Topics; `*` stands for one word, `#` for any number of them. */
            on: z.array(z.string().min(1).max(100)).min(1).max(50),
            /** Upstream servers, `*` stands for any characters; all, and what is about none, when absent. */
            servers: z.array(z.string().min(1).max(100)).min(1).max(100).optional(),
            /** This one and what is worse. */
            severity: z.enum(SEVERITIES, { error: `must be one of: ${SEVERITIES.join(', ')}` }).default('info'),
            /** Names of channels. */
            channels: z.array(z.string()).min(1).max(20),
            /** Of the text; that of the topic when absent. */
            template: template.optional(),
            /** As `quietMs` of all, for this rule. */
            quietMs: z.number().int().min(0).max(86_400_000).optional(),
          })
          .superRefine(({ on, template: text }, context) => {
            on.forEach((pattern, index) => {
              if (topicsOf(pattern).length > 0) return;
              const message = `${pattern} is no topic, and no pattern of one; topics: ${TOPIC_NAMES.join(', ')}`;
              context.addIssue({ code: 'custom', path: ['on', index], message });
            });
            if (text !== undefined) checkTemplate(compileTemplate, text, ['template'], context);
          }),
      )
      .max(200)
      .default([]),
    /** Topic → template of its text, in place of the default. */
    templates: z
      .record(z.string(), template)
      .superRefine((templates, context) => {
        for (const [topic, text] of Object.entries(templates)) {
          if ((TOPIC_NAMES as readonly string[]).includes(topic))
            checkTemplate(compileTemplate, text, [topic], context);
          else {
            const message = `is no topic; topics: ${TOPIC_NAMES.join(', ')}`;
            context.addIssue({ code: 'custom', path: [topic], message });
          }
        }
      })
      .default({}),
    /** What happens again to the same one in this time after it was told is told at its end, with how often; 0: each time. */
    quietMs: ms(300_000, 0, 86_400_000),
    /** What is older is not told, and not sent any more. */
    maxAgeMs: ms(86_400_000, 1_000, 604_800_000),
    /** Notifications that `GET /notifications` knows; those that are owed are beside them. */
    maxShown: count(1_000, 100_000),
  })
  .superRefine(({ channels, rules }, context) => {
    const known = channelNames(channels);
    rules.forEach((rule, index) =>
      rule.channels.forEach((channel, at) => {
        if (known.includes(channel)) return;
        const message = `there is no channel ${channel}; there are: ${known.join(', ')}`;
        context.addIssue({ code: 'custom', path: ['rules', index, 'channels', at], message });
      }),
    );
    const names = rules.map(ruleName);
    names.forEach((given, index) => {
      if (names.indexOf(given) === index) return;
      context.addIssue({
        code: 'custom',
        path: ['rules', index, 'name'],
        message: `${given} is taken by another rule`,
      });
    });
  });
export type NotificationsConfig = z.infer<typeof notificationsConfigSchema>;
export type ChannelConfig = NotificationsConfig['channels'][string];
export type RuleConfig = NotificationsConfig['rules'][number];

export const ruleName = ({ name: given }: { readonly name?: string | undefined }, index: number): string =>
  given ?? String(index + 1);

/** The configured channels, and those that are there anyway. */
export function channelsOf({ channels }: NotificationsConfig): Map<string, ChannelConfig> {
  const builtIn = notificationsConfigSchema.shape.channels.parse(BUILT_IN);
  return new Map(Object.entries({ ...builtIn, ...channels }));
}

/** The section `signalbox.notifications` of the configuration. @throws Error that names each wrong value by its path */
export function parseNotificationsConfig(source: Pick<ConfigSource, 'section'>): NotificationsConfig {
  const parsed = notificationsConfigSchema.safeParse(source.section('notifications') ?? {});
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${joinPath('signalbox.notifications', path)}: ${message}`,
  );
  throw new Error(faults.join('; '));
}

function channelNames(channels: object): string[] {
  return [...new Set([...Object.keys(channels), ...Object.keys(BUILT_IN)])];
}

function isKey(text: string): boolean {
  const key = text.replace(/^whsec_/, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(key) || key.length % 4 !== 0) return false;
  const { length } = Buffer.from(key, 'base64');
  return length >= SECRET_BYTES.min && length <= SECRET_BYTES.max;
}

function checkTemplate(
  compile: (text: string) => unknown,
  text: string,
  path: PropertyKey[],
  context: z.core.$RefinementCtx,
): void {
  try {
    compile(text);
  } catch (error) {
    context.addIssue({ code: 'custom', path, message: (error as Error).message });
  }
}
