import { CliError, EXIT } from '../../exit-codes.js';
import { jsonObject, pairs } from '../../kit.js';

export interface DefinitionOptions {
  readonly env?: readonly string[];
  readonly header?: readonly string[];
  readonly cwd?: string;
  readonly definition?: string;
  readonly dependsOn?: readonly string[];
  readonly trusted?: boolean;
  readonly deadline?: number;
}

/**
 * The entry of a server as `mcpServers` has it, from a command line.
 * @param target a URL, or a command and its arguments
 * @throws CliError
 */
export function definitionOf(target: readonly string[], options: DefinitionOptions): Record<string, unknown> {
  const base = options.definition === undefined ? targetOf(target, options) : whole(target, options);
  const settings = {
    ...(base['signalbox'] as object | undefined),
    ...(options.dependsOn && { dependsOn: options.dependsOn }),
    ...(options.trusted && { trusted: true }),
    ...(options.deadline !== undefined && { deadlineMs: Math.ceil(options.deadline * 1_000) }),
  };
  return Object.keys(settings).length === 0 ? base : { ...base, signalbox: settings };
}

function whole(
  target: readonly string[],
  { definition, env, header, cwd }: DefinitionOptions,
): Record<string, unknown> {
  if (target.length > 0 || env || header || cwd !== undefined) {
    throw new CliError(
      '--definition has the whole entry; leave out the command, the URL, --env, --header and --cwd',
      2,
    );
  }
  return jsonObject(definition!, '--definition');
}

function targetOf(target: readonly string[], { env, header, cwd }: DefinitionOptions): Record<string, unknown> {
  const [first, ...args] = target;
  if (first === undefined) {
    throw new CliError('What is the server? Give its URL, or its command behind --', EXIT.usage, [
      'signalbox servers add docs https://docs.example/mcp',
      'signalbox servers add files -- npx -y @modelcontextprotocol/server-filesystem /srv/files',
    ]);
  }
  if (/^https?:\/\//.test(first)) {
    if (args.length > 0) throw new CliError(`A server with a URL takes no arguments: ${args.join(' ')}`, EXIT.usage);
    if (env || cwd !== undefined) throw new CliError('--env and --cwd are for servers with a command', EXIT.usage);
    return { url: first, ...(header && { headers: pairs(header, '--header') }) };
  }
  if (header) throw new CliError('--header is for servers with a URL', EXIT.usage);
  return {
    command: first,
    args,
    ...(env && { env: pairs(env, '--env') }),
    ...(cwd !== undefined && { cwd }),
  };
}
