import { openPorts, prepareDefaults, type ProcessScope } from '@signalbox/platform';
import { banner } from './banner.js';
import { SERVICES } from './services.js';
import { startSuite } from './start-suite.js';

/** `npm start`: one set of ports, five services, one relay, one banner. */
export async function launch(scope: ProcessScope): Promise<void> {
  const ports = await openPorts(scope);
  prepareDefaults(scope.config);
  await startSuite(SERVICES, ports, scope);
  if (!scope.stopping.aborted) process.stdout.write(banner(scope.config));
}
