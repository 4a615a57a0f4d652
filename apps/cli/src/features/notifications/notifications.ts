import type { Command } from 'commander';
import { EXIT } from '../../exit-codes.js';
import { count, type CommonOptions, type Kit } from '../../kit.js';
import { notificationRows, type ShownNotification } from './notification-texts.js';

interface ListOptions extends CommonOptions {
  readonly state?: string;
  readonly channel?: string;
  readonly server?: string;
  readonly severity?: string;
  readonly limit: number;
}

interface Channels {
  readonly leader: string | null;
  readonly channels: readonly { name: string; type: string; url?: string; signed?: boolean; owed: number }[];
}

interface Tested {
  readonly taken: boolean;
  readonly answer?: string;
  readonly error?: string;
  readonly tookMs: number;
}

export function addNotifications(program: Command, kit: Kit): void {
  const notifications = program.command('notifications').description('what operators are told, and where');

  kit
    .talking(notifications, 'list', 'the newest notifications, and what became of them')
    .option('--state <state>', 'only with this state in a channel: owed, sent or failed')
    .option('--channel <name>', 'only those for this channel')
    .option('--server <name>', 'only those about this server')
    .option('--severity <severity>', 'this and what is worse: info, warning or critical')
    .option('--limit <count>', 'at most so many', count, 20)
    .action(async ({ state, channel, server, severity, limit, ...options }: ListOptions) => {
      const query = { state, channel, server, severity, limit: String(limit) };
      const { data } = await kit.api(options).get<{ data: ShownNotification[] }>('registry', '/notifications', query);
      kit.show(options, data, (output) =>
        output.table(
          ['RAISED', 'SEVERITY', 'TOPIC', 'DELIVERIES', 'TEXT'],
          notificationRows(data),
          'No notifications.',
        ),
      );
    });

  kit.talking(notifications, 'channels', 'where notifications can go').action(async (options: CommonOptions) => {
    const { data } = await kit.api(options).get<{ data: Channels }>('registry', '/notifications/channels');
    const rows = data.channels.map(({ name, type, url = '', signed, owed }) => [
      name,
      type,
      url,
      signed === undefined ? '' : signed ? 'yes' : 'no',
      String(owed),
    ]);
    kit.show(options, data, (output) => output.table(['NAME', 'TYPE', 'URL', 'SIGNED', 'OWED'], rows, 'No channels.'));
  });

  kit
    .talking(notifications, 'test <channel>', 'sends one notification to a channel, now and once')
    .option('--text <text>', 'what it says')
    .action(async (channel: string, { text, ...options }: CommonOptions & { readonly text?: string }) => {
      const body = { channel, ...(text === undefined ? {} : { text }) };
      const { data } = await kit
        .api(options)
        .send<{ data: Tested }>('POST', 'registry', '/notifications/test', { body });
      const { taken, answer = '', error = '', tookMs } = data;
      kit.show(options, data, (output) =>
        output.line(taken ? `${channel} took it (${answer}, ${tookMs} ms).` : `${channel} did not take it: ${error}`),
      );
      if (!taken) kit.exitCode = EXIT.failed;
    });
}
