import type { Command } from 'commander';
import { CliError, EXIT } from '../../exit-codes.js';
import { count, type CommonOptions, type Kit, type ReasonOptions } from '../../kit.js';
import { checkConfig } from './config-check.js';
import {
  differenceLines,
  valueRows,
  versionRows,
  type Difference,
  type Effective,
  type Version,
} from './config-texts.js';

interface Diff {
  readonly data: { readonly from: number; readonly to: number; readonly changes: readonly Difference[] };
}

export function addConfig(program: Command, kit: Kit): void {
  const config = program.command('config').description('the configuration and its versions');

  config
    .command('check [file]')
    .description('checks a configuration file, or the one that would be used, as a start would; nothing is started')
    .option('--json', 'print JSON')
    .action((file: string | undefined, options: { json?: boolean }) => checkConfig(kit, file, options.json === true));

  kit
    .talking(config, 'show [prefix]', 'the values in force, and where each comes from; secrets are masked')
    .action(async (prefix: string | undefined, options: CommonOptions) => {
      const { data } = await kit.api(options).get<{ data: Effective }>('registry', '/config');
      const values = data.values.filter(({ path }) => prefix === undefined || path.startsWith(prefix));
      kit.show(options, { ...data, values }, (output) =>
        output.table(['PATH', 'VALUE', 'SOURCE', 'NEEDS'], valueRows(values), 'No values.'),
      );
      for (const { path, message } of data.problems) kit.output.note(`${path}: ${message}`);
    });

  kit
    .talking(config, 'versions', 'the versions there were, the newest first')
    .option('-n, --limit <count>', 'how many', count, 20)
    .action(async ({ limit, ...options }: CommonOptions & { limit: number }) => {
      const { data } = await kit.api(options).get<{ data: Version[] }>('registry', '/config/versions', { limit });
      const headers = ['VERSION', 'TIME', 'CAUSE', 'SOURCES', 'WHO', 'WHY'];
      kit.show(options, data, (output) => output.table(headers, versionRows(data), 'No versions.'));
    });

  kit
    .talking(config, 'diff [from] [to]', 'what is different between two versions; without them, what changed last')
    .action(async (from: string | undefined, to: string | undefined, options: CommonOptions) => {
      const api = kit.api(options);
      const first = from === undefined ? await versionBeforeLast(kit, options) : versionOf(from);
      const query = { from: first, to: to === undefined ? undefined : versionOf(to) };
      const { data } = await api.get<Diff>('registry', '/config/diff', query);
      kit.show(options, data, (output) => {
        output.line(`version ${data.from} → ${data.to}`);
        for (const line of differenceLines(data.changes)) output.line(line);
        if (data.changes.length === 0) output.line('No differences.');
      });
    });

  kit
    .changing(config, 'rollback <version>', 'makes the configuration what it was at a version')
    .action(async (text: string, { who, why, ...options }: CommonOptions & ReasonOptions) => {
      const version = versionOf(text);
      if (why === undefined) throw new CliError('Why? A rollback is kept with its reason: --why TEXT', EXIT.usage);
      const { data } = await kit
        .api(options)
        .send<{ data: Version }>('POST', 'registry', '/config/rollback', { body: { version, who, why } });
      kit.show(options, data, (output) => {
        output.line(`Version ${data.version} is in force: as ${version} was.`);
        if (data.needsRestart.length > 0) output.line(`A restart is needed for: ${data.needsRestart.join(', ')}`);
      });
    });
}

function versionOf(text: string): number {
  const version = Number(text);
  if (Number.isInteger(version) && version >= 1) return version;
  throw new CliError(`"${text}" is no version; they are numbers from 1, see "signalbox config versions"`, EXIT.usage);
}

/** The newest version itself where it is the only one. */
async function versionBeforeLast(kit: Kit, options: CommonOptions): Promise<number> {
  const { data } = await kit.api(options).get<{ data: Version[] }>('registry', '/config/versions', { limit: 2 });
  const version = data.at(-1)?.version;
  if (version === undefined) throw new CliError('No version of the configuration is written yet.');
  return version;
}
