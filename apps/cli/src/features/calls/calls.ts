import type { Command } from 'commander';
import { count, type CommonOptions, type Kit } from '../../kit.js';
import { callLines, callRows, type CallStory, type CallSummary } from './call-texts.js';

interface ListOptions extends CommonOptions {
  readonly server?: string;
  readonly tool?: string;
  readonly state?: string;
  readonly limit: number;
}

export function addCalls(program: Command, kit: Kit): void {
  const calls = program.command('calls').description('what the log knows of calls');

  kit
    .talking(calls, 'list', 'the newest calls')
    .option('--server <name>', 'only of this server')
    .option('--tool <name>', 'only of this tool, by its name at its server')
    .option('--state <state>', 'only in this state, such as running or failed')
    .option('-n, --limit <count>', 'how many', count, 20)
    .action(async ({ server, tool, state, limit, ...options }: ListOptions) => {
      const query = { server, tool, state, limit };
      const answer = await kit.api(options).get<{ calls: CallSummary[] }>('monitor', '/calls', query);
      kit.show(options, answer.calls, (output) =>
        output.table(['ID', 'STATE', 'SERVER', 'TOOL', 'BY', 'REQUESTED', 'MS'], callRows(answer.calls), 'No calls.'),
      );
    });

  kit.talking(calls, 'show <id>', 'the whole story of one call').action(async (id: string, options: CommonOptions) => {
    const story = await kit.api(options).get<CallStory>('monitor', `/calls/${encodeURIComponent(id)}`);
    kit.show(options, story, (output) => callLines(story).forEach((line) => output.line(line)));
  });
}
