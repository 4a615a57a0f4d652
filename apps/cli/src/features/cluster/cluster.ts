import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { EXIT } from '../../exit-codes.js';
import type { CommonOptions, Kit, ReasonOptions } from '../../kit.js';
import {
  COMMAND_HEADERS,
  commandRows,
  MEMBER_HEADERS,
  memberRows,
  resultOf,
  type Cluster,
  type InstanceCommand,
} from './cluster-texts.js';

/** Time between two looks at a command that has not ended, milliseconds. */
const LOOK_MS = 250;

interface OneCommand {
  readonly data: InstanceCommand;
}
interface CommandOptions extends CommonOptions, ReasonOptions {
  readonly wait: boolean;
}

const COMMANDS = {
  restart: 'ends a service in an orderly way and starts it again, in its process',
  'update-config': 'has a service read its configuration anew, and says what changed',
} as const;

export function addCluster(program: Command, kit: Kit): void {
  const cluster = program
    .command('cluster')
    .description('all instances of all services: who leads, and how busy each is');

  kit
    .talking(cluster, 'show', 'the instances with their load')
    .option('--as-of <time>', 'as it was then: an RFC 3339 time')
    .action(async ({ asOf, ...options }: CommonOptions & { asOf?: string }) => {
      const { data } = await kit.api(options).get<{ data: Cluster }>('registry', '/cluster', { asOf });
      kit.show(options, data, (output) => output.table(MEMBER_HEADERS, memberRows(data), 'No instances.'));
    });

  kit
    .talking(cluster, 'commands [instance]', 'what instances were told to do, and what came of it')
    .action(async (instanceId: string | undefined, options: CommonOptions) => {
      const api = kit.api(options);
      const { data } = await api.get<{ data: InstanceCommand[] }>('registry', '/cluster/commands', { instanceId });
      kit.show(options, data, (output) => output.table(COMMAND_HEADERS, commandRows(data), 'No commands.'));
    });

  for (const [name, description] of Object.entries(COMMANDS)) {
    kit
      .changing(cluster, `${name} <instance>`, description)
      .option('--no-wait', 'do not wait for what comes of it')
      .action((instance: string, options: CommandOptions) => command(kit, name, instance, options));
  }
}

async function command(kit: Kit, name: string, instance: string, options: CommandOptions): Promise<void> {
  const { who, why, wait, timeout } = options;
  const api = kit.api(options);
  const path = `/cluster/instances/${encodeURIComponent(instance)}/${name}`;
  let { data } = await api.send<OneCommand>('POST', 'registry', path, { body: { who, why } });
  const until = performance.now() + timeout * 1_000;
  while (wait && (data.state === 'requested' || data.state === 'accepted') && performance.now() < until) {
    await delay(LOOK_MS);
    // the registry itself may be what starts again
    const known = await api.get<OneCommand>('registry', `/cluster/commands/${data.commandId}`).catch(() => undefined);
    data = known?.data ?? data;
  }
  kit.show(options, data, (output) => {
    const text = resultOf(data) || `${data.state}; see: signalbox cluster commands ${instance}`;
    output.line(`${instance}: ${text}`);
  });
  if (data.state === 'failed') kit.exitCode = EXIT.failed;
}
