import { processInput } from '@signalbox/platform/process-input';
import { runCli } from './run-cli.js';

const input = processInput();
process.exitCode = await runCli({
  ...input,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  // only for those commands that look at this machine: it takes a while to load
  inspect: async (wanted, prepares) => {
    const [{ inspectConfig }, { CHECKS }] = await Promise.all([
      import('@signalbox/platform'),
      import('@signalbox/launcher'),
    ]);
    return inspectConfig(wanted, CHECKS, prepares);
  },
});
