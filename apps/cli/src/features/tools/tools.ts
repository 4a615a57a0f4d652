import { SAFETY_CLASSES } from '@signalbox/contracts';
import { Argument, Option, type Command } from 'commander';
import { count, type CommonOptions, type Kit, type ReasonOptions } from '../../kit.js';
import { addToolCall } from './tool-call.js';
import { findTool, listTools, searchTools, type ListedTool } from './tool-lists.js';
import { toolRows } from './tool-texts.js';

const HEADERS = ['TOOL', 'CLASS', 'AVAILABLE', 'DESCRIPTION'];

interface ListOptions extends CommonOptions {
  readonly server?: string;
  readonly limit: number;
}

export function addTools(program: Command, kit: Kit): void {
  const tools = program.command('tools').description('what the servers offer');
  const show = (options: CommonOptions, found: readonly ListedTool[]): void =>
    kit.show(options, found, (output) => output.table(HEADERS, toolRows(found), 'No tools.'));

  kit
    .talking(tools, 'list', 'the tools of all servers')
    .option('--server <name>', 'only of this server')
    .addOption(new Option('--limit <count>', 'at most so many').argParser(count).default(10_000))
    .action(async ({ server, limit, ...options }: ListOptions) =>
      show(options, await listTools(kit.api(options), { server }, limit)),
    );

  kit
    .talking(tools, 'search <words...>', 'tools by what they do, the best first')
    .option('--server <name>', 'only of this server')
    .option('--limit <count>', 'at most so many', count, 10)
    .action(async (words: string[], { server, limit, ...options }: ListOptions) => {
      const { found, isRanked } = await searchTools(kit.api(options), words.join(' '), server, limit);
      if (!isRanked) kit.output.note('The search is off (signalbox.search.mode); these have all of the words.');
      show(options, found);
    });

  addToolCall(tools, kit);

  kit
    .changing(tools, 'class <name>', 'says whether a tool may be run again after a loss')
    .addArgument(
      new Argument('<class>', 'reset: as the configuration says again').choices([...SAFETY_CLASSES, 'reset']),
    )
    .action(async (name: string, wanted: string, { who, why, ...options }: CommonOptions & ReasonOptions) => {
      const api = kit.api(options);
      const { server, tool } = await findTool(api, name);
      const path = `/servers/${encodeURIComponent(server)}/tools/${encodeURIComponent(tool)}/safety`;
      const { data } = await (wanted === 'reset'
        ? api.send<Classified>('DELETE', 'registry', path, { query: { who, why } })
        : api.send<Classified>('PUT', 'registry', path, { body: { class: wanted, who, why } }));
      kit.show(options, data, (output) =>
        output.line(`${data.server} ${data.tool}: ${data.previous} → ${data.safetyClass}`),
      );
    });
}

interface Classified {
  readonly data: {
    readonly server: string;
    readonly tool: string;
    readonly safetyClass: string;
    readonly previous: string;
  };
}
