import { maskConfig } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { channelsOf, parseNotificationsConfig } from './notification-config.js';

const KEY = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const parse = (section: unknown) => parseNotificationsConfig({ section: () => section });
const url = 'https://ops.example.org/hook';

describe('signalbox.notifications', () => {
  it('may be absent: then nobody is told anything, and log and event are there', () => {
    const config = parse(undefined);
    expect(config.rules).toEqual([]);
    expect([...channelsOf(config).keys()]).toEqual(['log', 'event']);
  });

  it('takes several secrets, while one takes the place of another', () => {
    const config = parse({ channels: { ops: { type: 'webhook', url, secret: [KEY, KEY.slice(6)] } } });
    expect(config.channels['ops']).toMatchObject({ type: 'webhook', maxAttempts: 10, allowPrivate: true });
  });

  it.each([
    [
      { channels: { ops: { type: 'webhook' } } },
      'signalbox.notifications.channels.ops.url: is missing: a webhook needs one',
    ],
    [{ channels: { ops: { type: 'pager' } } }, 'channels.ops.type: must be one of: webhook, log, event'],
    [{ channels: { ops: { type: 'webhook', url: 'ftp://x' } } }, 'channels.ops.url: must be an http or https URL'],
    [{ channels: { ops: { type: 'webhook', url, secret: 'whsec_short' } } }, 'channels.ops.secret'],
    [{ channels: { ops: { type: 'log', url } } }, 'channels.ops.url: is for webhooks; this is of type log'],
    [{ channels: { ops: { type: 'webhook', url, body: '{{text}}' } } }, 'channels.ops.body: does not make JSON'],
    [{ rules: [{ on: ['server.faild'], channels: ['log'] }] }, 'rules[0].on[0]: server.faild is no topic'],
    [
      { rules: [{ on: ['#'], channels: ['lgo'] }] },
      'rules[0].channels[0]: there is no channel lgo; there are: log, event',
    ],
    [{ rules: [{ on: ['#'], channels: ['log'], template: '{{srv}}' }] }, 'rules[0].template: {{srv}} is not known'],
    [
      { rules: [{ on: ['#'], channels: ['log'], severity: 'bad' }] },
      'severity: must be one of: info, warning, critical',
    ],
    [{ templates: { 'server.faild': 'x' } }, 'is no topic; topics: server.registered'],
    [{ templates: { 'server.failed': '{{#if}}' } }, 'is no template'],
  ])('%j is refused by its path', (section, message) => expect(() => parse(section)).toThrow(message));

  it('shows no secret', () => {
    const channels = { ops: { type: 'webhook', url, secret: KEY, headers: { 'x-key': 'hidden' } } };
    const shown = JSON.stringify(maskConfig({ signalbox: { notifications: { channels } } }));
    expect(shown).not.toContain(KEY);
    expect(shown).not.toContain('hidden');
  });
});
