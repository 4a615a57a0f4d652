import type { Command } from 'commander';
import { CliError, EXIT } from '../../exit-codes.js';
import { positive, readAll, several, type Kit } from '../../kit.js';
import { jsonOption, toolArguments } from './tool-arguments.js';
import { resultLines, type CallResult } from './tool-texts.js';

interface CallOptions {
  readonly arg?: readonly string[];
  readonly args?: string;
  readonly json?: string | true;
  readonly url?: string;
  readonly timeout?: number;
  readonly output: string;
}

/** Beside the deadline of the call itself: the gateway answers when that has passed. */
const GRACE_SECONDS = 10;
/** Where no deadline is given, the server's own counts, which is at most a day. */
const LONGEST_SECONDS = 86_400;

export function addToolCall(tools: Command, kit: Kit): void {
  tools
    .command('call <name>')
    .description('calls a tool and prints its result; ends with 1 when the tool says that it failed')
    .option('--arg <name=value>', 'an argument; its value may be JSON (several times)', several)
    .option('--args <object>', 'the arguments as a JSON object; - reads it from standard input')
    .option('--json [object]', 'print JSON; with an object: the same as --args')
    .option('-o, --output <format>', 'text or json', 'text')
    .option('--url <url>', 'where the gateway is')
    .option('--timeout <seconds>', "deadline of the call; the server's own when absent", positive)
    .action((name: string, options: CallOptions) => callTool(kit, name, options));
}

async function callTool(kit: Kit, name: string, options: CallOptions): Promise<void> {
  const { json, object } = jsonOption(options.json);
  if (!['text', 'json'].includes(options.output)) {
    throw new CliError(`--output: must be text or json, is "${options.output}"`, EXIT.usage);
  }
  if (object !== undefined && options.args !== undefined) {
    throw new CliError('--args and --json both have the arguments; give one of them', EXIT.usage);
  }
  const given = options.args === '-' ? await readAll(kit.surroundings.stdin) : (options.args ?? object);
  const seconds = options.timeout;
  const wanted = { url: options.url, timeout: (seconds ?? LONGEST_SECONDS) + GRACE_SECONDS };
  const answer = await kit.api(wanted).send<CallResult>('POST', 'gateway', `/tools/${encodeURIComponent(name)}/call`, {
    body: {
      arguments: toolArguments(given, options.arg),
      ...(seconds === undefined ? {} : { timeoutMs: Math.ceil(seconds * 1_000) }),
    },
  });
  kit.show({ json: json || options.output === 'json', timeout: 0 }, answer, (output) => {
    for (const line of resultLines(answer)) output.line(line);
  });
  if (!answer.result.isError) return;
  kit.exitCode = EXIT.failed;
  if (!json) kit.output.note(`signalbox: the tool says that it failed (call ${answer.callId ?? 'unknown'})`);
}
