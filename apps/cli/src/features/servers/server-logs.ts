import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceInstance } from '@signalbox/contracts';
import type { Command } from 'commander';
import type { Api } from '../../api.js';
import { CliError, EXIT } from '../../exit-codes.js';
import { count, type CommonOptions, type Kit } from '../../kit.js';
import { logLine, type ServerLog } from './server-texts.js';

interface LogOptions extends CommonOptions {
  readonly lines: number;
  readonly follow?: boolean;
}

/** Between two looks at what is new. */
const FOLLOW_MS = 500;
const MAX_LINES = 10_000;

export function addServerLogs(servers: Command, kit: Kit): void {
  kit
    .talking(servers, 'logs <name>', 'what a server with a command has written to its standard error')
    .option('-n, --lines <count>', 'the newest, of each executor', count, 200)
    .option('-f, --follow', 'go on with what comes')
    .action((name: string, options: LogOptions) => logs(kit, name, options));
}

async function logs(kit: Kit, name: string, options: LogOptions): Promise<void> {
  const api = kit.api(options);
  const origins = await executors(api);
  const limit = Math.min(Math.max(options.lines, 1), MAX_LINES);
  const known = new Map<string, number>();
  for (;;) {
    const found = await Promise.all(
      origins.map(async (origin) => ({ origin, log: await read(api, origin, name, known, limit) })),
    );
    if (options.json && !options.follow) return kit.output.json(found.map(({ log }) => log));
    const isFirst = known.size === 0;
    for (const { origin, log } of found) {
      known.set(origin, log.lines.at(-1)?.n ?? known.get(origin) ?? 0);
      for (const line of log.lines) {
        if (options.json) kit.output.jsonLine({ executor: log.executor, ...line });
        else kit.output.line(logLine(line, log.executor, found.length > 1));
      }
    }
    if (isFirst) explainSilence(kit, name, found);
    if (!options.follow) return;
    await delay(FOLLOW_MS);
  }
}

function read(
  api: Api,
  origin: string,
  name: string,
  known: ReadonlyMap<string, number>,
  limit: number,
): Promise<ServerLog> {
  const query = { after: known.get(origin) ?? 0, limit };
  return api.sendTo<ServerLog>('GET', origin, 'tool-executor', `/servers/${encodeURIComponent(name)}/logs`, { query });
}

function explainSilence(kit: Kit, name: string, found: readonly { log: ServerLog }[]): void {
  if (found.some(({ log }) => log.lines.length > 0)) return;
  const isRemote = found.some(({ log }) => log.transport !== 'stdio');
  kit.output.note(isRemote ? `${name} is reached by a URL, and keeps its log itself.` : `${name} has written nothing.`);
}

/** Where the executors are that the registry knows: each has processes of its own. */
async function executors(api: Api): Promise<string[]> {
  const { data } = await api.get<{ data: ServiceInstance[] }>('registry', '/services/tool-executor');
  const up = data.filter(({ status }) => status !== 'DOWN');
  if (up.length === 0) throw new CliError('No tool-executor is up.', EXIT.unreachable);
  return up.map(({ host, port }) => `http://${host.includes(':') ? `[${host}]` : host}:${port}`);
}
