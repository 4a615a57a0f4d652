import { Command, CommanderError } from 'commander';
import { addCalls } from './features/calls/calls.js';
import { addCluster } from './features/cluster/cluster.js';
import { addCompletion } from './features/completion/completion.js';
import { addConfig } from './features/config/config.js';
import { addDoctor } from './features/doctor/doctor.js';
import { addEvents } from './features/events/events.js';
import { addNotifications } from './features/notifications/notifications.js';
import { addPeers } from './features/peers/peers.js';
import { addServers } from './features/servers/servers.js';
import { addServices } from './features/services/services.js';
import { addTools } from './features/tools/tools.js';
import { CliError, EXIT } from './exit-codes.js';
import { Kit } from './kit.js';
import type { Surroundings } from './surroundings.js';

const HELP = `
Where Signalbox is: --url, else SIGNALBOX_URL, else this machine at SIGNALBOX_PORT_BASE (3000).
SIGNALBOX_TOKEN is the bearer token for the gateway, where it wants one.
Exit codes: 0 done, 1 refused or failed, 2 wrong command line, 3 nobody answers.
`;

/** Runs one command line. @returns the exit code */
export async function runCli(surroundings: Surroundings): Promise<number> {
  const kit = new Kit(surroundings);
  const { argv, stdout, stderr } = surroundings;
  // whoever reads us may have seen enough: "signalbox events tail | head"
  stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed));
  const program = commandsOf(kit).configureOutput({
    writeOut: (text) => stdout.write(text),
    writeErr: (text) => stderr.write(text),
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return kit.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (!(error instanceof CliError)) throw error;
    kit.output.note(`signalbox: ${error.message}`);
    for (const hint of error.hints) kit.output.note(`  ${hint}`);
    return error.exitCode;
  }
}

function commandsOf(kit: Kit): Command {
  const program = new Command('signalbox')
    .description('Operates a Signalbox: servers, tools, calls, events, configuration')
    .addHelpText('after', HELP)
    .showHelpAfterError('(--help shows what there is)')
    // inherited by the commands, when it is there before them
    .exitOverride();
  for (const add of [
    addServers,
    addTools,
    addServices,
    addCluster,
    addPeers,
    addNotifications,
    addEvents,
    addCalls,
    addConfig,
    addDoctor,
  ])
    add(program, kit);
  addCompletion(program);
  return program;
}
