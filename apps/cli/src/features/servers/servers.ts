import { SERVER_COMMANDS, type ServerCommandName } from '@signalbox/contracts';
import type { Command } from 'commander';
import { positive, readAll, several, type CommonOptions, type Kit, type ReasonOptions } from '../../kit.js';
import { definitionOf, type DefinitionOptions } from './definition.js';
import { addServerLogs } from './server-logs.js';
import { serverRows, type ShownServer } from './server-texts.js';

const HEADERS = ['NAME', 'STATE', 'TRANSPORT', 'TOOLS', 'RESTARTS', 'SOURCE', 'NOTE'];
const DESCRIPTIONS: Readonly<Record<ServerCommandName, string>> = {
  start: 'starts a server that was stopped, after those that it depends on',
  stop: 'stops a server, after those that depend on it; calls that run are cut off',
  restart: 'gives a server a new process or new sessions; calls that run may finish',
  drain: 'stops a server once its calls have finished',
  quarantine: 'takes a server out of use: not offered, and calls refused, until it is approved',
  approve: 'lets a server that was quarantined run again',
};

interface One {
  readonly data: ShownServer;
}

export function addServers(program: Command, kit: Kit): void {
  const servers = program.command('servers').description('the MCP servers behind the gateway');

  kit.talking(servers, 'list', 'all servers and how they are').action(async (options: CommonOptions) => {
    const { data, problems } = await kit
      .api(options)
      .get<{ data: ShownServer[]; problems: { path: string; message: string }[] }>('registry', '/servers');
    kit.show(options, data, (output) => output.table(HEADERS, serverRows(data), 'No servers.'));
    for (const { path, message } of problems) kit.output.note(`configuration: ${path}: ${message}`);
  });

  kit
    .changing(servers, 'add <name> [target...]', 'defines a server by its URL, or by its command behind --')
    .option('--env <name=value>', 'for its process; secrets as ${NAME} (several times)', several)
    .option('--header <name=value>', 'for its requests; secrets as ${NAME} (several times)', several)
    .option('--cwd <folder>', 'where its process runs')
    .option('--depends-on <name>', 'a server that must run before it (several times)', several)
    .option('--trusted', 'its own annotations decide whether its tools may be run again')
    .option('--deadline <seconds>', 'for each call', positive)
    .option('--definition <json>', 'the whole entry, as in mcpServers; - reads it from standard input')
    .option('--replace', 'give a server that is there this definition')
    .action((name: string, target: string[], options: AddOptions) => add(kit, name, target, options));

  kit
    .changing(servers, 'remove <name>', 'removes a server that was defined by "add"; calls that run may finish')
    .action(async (name: string, { who, why, ...options }: CommonOptions & ReasonOptions) => {
      const { data } = await kit.api(options).send<One>('DELETE', 'registry', pathOf(name), { query: { who, why } });
      kit.show(options, data, (output) => output.line(`${name} is removed.`));
    });

  for (const command of SERVER_COMMANDS) addCommand(servers, kit, command);
  addServerLogs(servers, kit);
}

type AddOptions = CommonOptions & ReasonOptions & DefinitionOptions & { readonly replace?: boolean };

async function add(kit: Kit, name: string, target: readonly string[], options: AddOptions): Promise<void> {
  const { who, why } = options;
  const written = options.definition === '-' ? await readAll(kit.surroundings.stdin) : options.definition;
  const definition = definitionOf(target, { ...options, definition: written });
  const { data } = await (options.replace
    ? kit.api(options).send<One>('PUT', 'registry', pathOf(name), { body: { definition, who, why } })
    : kit.api(options).send<One>('POST', 'registry', '/servers', { body: { name, definition, who, why } }));
  kit.show(options, data, (output) => {
    output.line(`${name} is defined, and ${data.state}. "signalbox servers list" shows how it is.`);
  });
}

function addCommand(servers: Command, kit: Kit, command: ServerCommandName): void {
  kit
    .changing(servers, `${command} <name>`, DESCRIPTIONS[command])
    .option('--no-cascade', 'refuse it rather than stop or start other servers for it')
    .action(async (name: string, options: CommonOptions & ReasonOptions & { cascade: boolean }) => {
      const { who, why, cascade } = options;
      const answer = await kit
        .api(options)
        .send<Obeyed>('POST', 'registry', `${pathOf(name)}/${command}`, { body: { who, why, cascade } });
      kit.show(options, answer, (output) => {
        if (answer.commands.length === 0) output.line(`${name}: nothing to do, it is ${answer.data.state}.`);
        for (const obeyed of answer.commands) output.line(`${obeyed.server}: ${obeyed.command}`);
      });
    });
}

interface Obeyed extends One {
  readonly commands: readonly { readonly server: string; readonly command: string }[];
}

const pathOf = (name: string): string => `/servers/${encodeURIComponent(name)}`;
