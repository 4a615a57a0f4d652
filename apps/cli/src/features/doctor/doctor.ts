import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { EXIT } from '../../exit-codes.js';
import type { Kit } from '../../kit.js';
import type { Inspected } from '../../surroundings.js';
import { checkBackends } from './backends-check.js';
import { findingLines, ok, reasonOf, verdict, wrong, type Finding } from './finding.js';
import { checkFolder } from './folder-check.js';
import { checkNode } from './node-check.js';
import { checkPorts } from './ports-check.js';
import { checkRunningServers, checkServers } from './servers-check.js';

interface DoctorOptions {
  readonly json?: boolean;
  readonly config?: string;
  readonly servers: boolean;
}

export function addDoctor(program: Command, kit: Kit): void {
  program
    .command('doctor')
    .description('checks this machine: Node, configuration, ports, data folder, brokers and databases, MCP servers')
    .option('--config <file>', 'the configuration; else SIGNALBOX_CONFIG, else the built-in one')
    .option('--no-servers', 'do not start the MCP servers to try them')
    .option('--json', 'print JSON')
    .action((options: DoctorOptions) => doctor(kit, options));
}

async function doctor(kit: Kit, options: DoctorOptions): Promise<void> {
  const { env, inspect } = kit.surroundings;
  const argv = options.config === undefined ? [] : ['--config', options.config];
  const config = await inspect({ env, argv });
  const { settings, places, usesDataFolder } = config;
  const ports = await checkPorts(places);
  const findings: Finding[] = [checkNode(process.versions.node), ...configFindings(config), ...ports.findings];
  if (settings && usesDataFolder) findings.push(checkFolder(settings.dataDir));
  findings.push(...(await checkBackends(settings?.servers ?? {})));
  if (options.servers) findings.push(...(await serverFindings(kit, config, argv, ports.running)));
  const isWrong = findings.some(({ state }) => state === 'wrong');
  if (options.json) kit.output.json({ ok: !isWrong, findings });
  else for (const line of [...findingLines(findings), verdict(findings)]) kit.output.line(line);
  if (isWrong) kit.exitCode = EXIT.failed;
}

function configFindings({ path, problems, servers }: Inspected): Finding[] {
  const todo = path === undefined ? 'Correct it in the environment.' : `Correct it in ${path} or in the environment.`;
  if (problems.length > 0)
    return problems.map((problem) => wrong('configuration', `${problem.path}: ${problem.message}`, todo));
  return [ok('configuration', `${path ?? 'the built-in one'}, ${servers.length} servers`)];
}

/** Where Signalbox runs, as they are there; else each is tried. */
async function serverFindings(
  kit: Kit,
  config: Inspected,
  argv: readonly string[],
  running: Inspected['places'],
): Promise<Finding[]> {
  const registry = running.find(({ service }) => service === 'registry');
  if (registry) {
    const gateway = config.places.find(({ service }) => service === 'gateway')!;
    return checkRunningServers(kit.api({ url: gateway.url, timeout: 10 })).catch((error: unknown) => [
      wrong('servers', `the registry does not say how they are: ${reasonOf(error)}`, 'Look at what Signalbox prints.'),
    ]);
  }
  const { env, inspect } = kit.surroundings;
  if (config.path !== undefined) return checkServers(config.servers, env);
  // what the built-in configuration points at is made by the first start: here it is in a folder that goes again
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-doctor-'));
  try {
    const trial = await inspect({ env: { ...env, SIGNALBOX_DATA: join(folder, 'data') }, argv }, true);
    return await checkServers(trial.servers, env);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
