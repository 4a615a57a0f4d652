import type { Command } from 'commander';
import { CliError, EXIT } from '../../exit-codes.js';
import { count, type CommonOptions, type Kit } from '../../kit.js';
import { eventLine, type ShownEvent } from './event-line.js';

interface TailOptions extends CommonOptions {
  readonly type?: string;
  readonly stream?: string;
  readonly correlation?: string;
  readonly principal?: string;
  readonly lines: number;
  readonly follow: boolean;
  readonly count?: number;
}

const MAX_LINES = 1_000;

export function addEvents(program: Command, kit: Kit): void {
  const events = program.command('events').description('what happened, as the log has it');
  kit
    .talking(events, 'tail', 'the newest events, and those that come, one per line')
    .option('--type <pattern>', 'only of this type: tool.call.completed, tool.call.* or server.#')
    .option('--stream <stream>', 'only of this stream')
    .option('--correlation <id>', 'only with this correlation id, such as the id of a call')
    .option('--principal <name>', 'only of this principal')
    .option('-n, --lines <count>', 'how many of those that are there already', count, 10)
    .option('--no-follow', 'end after those')
    .option('--count <count>', 'end after so many in all', count)
    .action((options: TailOptions) => tail(kit, options));
}

async function tail(kit: Kit, options: TailOptions): Promise<void> {
  const { type, stream, correlation, principal, lines, follow, count: wanted = Infinity } = options;
  const filter = { type, stream, correlation, principal };
  const api = kit.api(options);
  const ended = new AbortController();
  // opened first: what is appended between the two is in both, and shown once
  const coming = follow && wanted > 0 ? await api.stream('monitor', '/events/stream', filter, ended.signal) : undefined;
  const limit = Math.min(lines, MAX_LINES);
  const query = { ...filter, order: 'desc', limit };
  const listed = limit === 0 ? [] : (await api.get<{ events: ShownEvent[] }>('monitor', '/events', query)).events;
  let shown = 0;
  const seen = new Set<string>();
  const show = (event: ShownEvent): void => {
    if (seen.has(event.id) || shown >= wanted) return;
    shown++;
    if (options.json) kit.output.jsonLine(event);
    else kit.output.line(eventLine(event));
  };
  for (const event of listed.toReversed()) {
    show(event);
    seen.add(event.id);
  }
  if (!coming) return;
  try {
    if (shown >= wanted) return;
    for await (const { event, data } of coming) {
      if (event === 'lagging' || event === 'interrupted') throw endedBy(data);
      if (event === 'skipped') continue;
      show(JSON.parse(data) as ShownEvent);
      if (shown >= wanted) return;
    }
    throw endedBy('{}');
  } finally {
    ended.abort();
  }
}

function endedBy(data: string): CliError {
  const { reason } = JSON.parse(data) as { reason?: string };
  return new CliError(`The monitor ended the stream${reason === undefined ? '' : `: ${reason}`}.`, EXIT.unreachable);
}
