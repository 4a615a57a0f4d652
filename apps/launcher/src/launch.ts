import { holdRollbacks, openConfig, openPorts, prepareDefaults, type ProcessScope } from '@signalbox/platform';
import { banner } from './banner.js';
import { CHECKS, SERVICES } from './services.js';
import { startSuite } from './start-suite.js';

/** `npm start`: one set of ports, five services, one relay, one banner. */
export async function launch(scope: ProcessScope): Promise<void> {
  await openConfig(scope, CHECKS);
  const ports = await openPorts(scope);
  await holdRollbacks(scope, ports);
  prepareDefaults(scope.config);
  await startSuite(SERVICES, ports, scope);
  if (!scope.stopping.aborted) process.stdout.write(banner(scope.config));
}
