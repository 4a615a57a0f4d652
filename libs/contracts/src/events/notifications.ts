import * as z from 'zod';
import { defineEvent } from './define.js';

/** From what can wait to what cannot. */
export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Names a notification in the log and to who receives it (`webhook-id`); the same however often it is sent. */
const notification = z.string();

/** Something that a rule of the operators names has happened. Published like every event: the bus is a channel by itself. */
export const notificationRaised = defineEvent({
  type: 'notification.raised',
  title: 'NotificationRaised',
  owners: ['registry'],
  schema: z.object({
    notification,
    /** Of the configuration. */
    rule: z.string(),
    /** What happened: `server.failed`. */
    topic: z.string(),
    severity: z.enum(SEVERITIES),
    /** What it happened to: `server files`. */
    subject: z.string(),
    /** The upstream server, where it is about one. */
    server: z.string().optional(),
    /** Made by the rule's template. */
    text: z.string(),
    channels: z.array(z.string()),
    /** How often it happened: more than 1 where what was held back in the quiet time is told together. */
    count: z.number().int().min(1),
    /** When it happened; of several, first and last. RFC 3339. */
    since: z.string(),
    until: z.string(),
    /** What the log says of it, in short: `error`, `who`, `why`. */
    facts: z.record(z.string(), z.union([z.string(), z.number()])),
    /** The (last) event that it is about. */
    source: z.object({ id: z.string(), type: z.string(), stream: z.string() }),
  }),
});

/** The channel has taken it. */
export const notificationSent = defineEvent({
  type: 'notification.sent',
  title: 'NotificationSent',
  owners: ['registry'],
  schema: z.object({
    notification,
    channel: z.string(),
    /** Tries of the registry that sent it; those of an earlier leader are not in it. */
    attempts: z.number().int(),
    /** What the channel answered: `204`. */
    answer: z.string().optional(),
  }),
});

/** It is not sent to this channel any more. */
export const notificationFailed = defineEvent({
  type: 'notification.failed',
  title: 'NotificationFailed',
  owners: ['registry'],
  schema: z.object({ notification, channel: z.string(), attempts: z.number().int(), reason: z.string() }),
});

export const notificationEvents = [notificationRaised, notificationSent, notificationFailed] as const;
