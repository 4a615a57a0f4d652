import type { ServiceInstance } from '@signalbox/contracts';
import type { Command } from 'commander';
import { setTimeout } from 'node:timers/promises';
import { CliError, EXIT } from '../../exit-codes.js';
import { count, positive, type CommonOptions, type Kit } from '../../kit.js';
import { changesBetween, instanceRows } from './instance-texts.js';

interface ListOptions extends CommonOptions {
  readonly service?: string;
  readonly status?: string;
  readonly tags?: string;
}

interface WatchOptions extends CommonOptions {
  readonly count?: number;
  /** Seconds. */
  readonly interval: number;
}

interface Instances {
  readonly serviceName: string;
  readonly instances: readonly ServiceInstance[];
}

export function addServices(program: Command, kit: Kit): void {
  const services = program.command('services').description('instances of services, as the registry knows them');

  kit
    .talking(services, 'list', 'all instances')
    .option('--service <name>', 'only of this service')
    .option('--status <status>', 'only with this status: UP, DOWN, STARTING or OUT_OF_SERVICE')
    .option('--tags <tags>', 'only with all of these tags, separated by commas')
    .action(async ({ service, status, tags, ...options }: ListOptions) => {
      const query = { serviceName: service, status, tags };
      const { data } = await kit.api(options).get<{ data: ServiceInstance[] }>('registry', '/services', query);
      kit.show(options, data, (output) =>
        output.table(
          ['ID', 'SERVICE', 'ADDRESS', 'STATUS', 'ROLE', 'LOAD', 'TAGS'],
          instanceRows(data),
          'No services.',
        ),
      );
    });

  kit
    .talking(services, 'watch [service]', 'the instances of one service or of all now, and each change')
    .option('--count <count>', 'end after so many lists', count)
    .option('--interval <seconds>', 'how often to ask for all of them, without a service', positive, 2)
    .action((service: string | undefined, options: WatchOptions) =>
      service === undefined ? watchAll(kit, options) : watch(kit, service, options),
    );
}

/** The registry tells changes of one service at a time: for all of them it is asked again and again. */
async function watchAll(kit: Kit, { count: wanted = Infinity, interval, ...options }: WatchOptions): Promise<void> {
  const api = kit.api(options);
  let before: readonly ServiceInstance[] | undefined;
  for (let seen = 0; ;) {
    const { data } = await api.get<{ data: ServiceInstance[] }>('registry', '/services', {});
    const lines = changesBetween(before, data, new Date());
    if (before === undefined || lines.length > 0) {
      if (options.json) kit.output.jsonLine({ instances: data });
      else for (const line of lines) kit.output.line(line);
      if (++seen >= wanted) return;
    }
    before = data;
    await setTimeout(interval * 1_000);
  }
}

async function watch(kit: Kit, service: string, options: WatchOptions): Promise<void> {
  const { count: wanted = Infinity } = options;
  const ended = new AbortController();
  const path = `/services/${encodeURIComponent(service)}/watch`;
  const lists = await kit.api(options).stream('registry', path, {}, ended.signal);
  let before: readonly ServiceInstance[] | undefined;
  let seen = 0;
  try {
    for await (const { event, data } of lists) {
      if (event !== 'instances') continue;
      const { instances } = JSON.parse(data) as Instances;
      if (options.json) kit.output.jsonLine({ serviceName: service, instances });
      else for (const line of changesBetween(before, instances, new Date())) kit.output.line(line);
      before = instances;
      if (++seen >= wanted) return;
    }
  } finally {
    ended.abort();
  }
  throw new CliError('The registry ended the watch.', EXIT.unreachable);
}
