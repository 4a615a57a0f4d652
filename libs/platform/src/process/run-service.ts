import type { ServiceName } from '@signalbox/contracts';
import type { SectionChecks, StartService } from '@signalbox/nest-kit';
import { prepareDefaults } from '../config/load-config.js';
import { openConfig } from './open-config.js';
import { holdRollbacks } from './hold-rollbacks.js';
import { openPorts } from './open-ports.js';
import { runProcess } from './run-process.js';
import { startOne } from './start-one.js';
import { prepareRelay } from './start-relay.js';

/**
 * The whole of `apps/<service>/src/main.ts`: one service in a process of its own.
 * @param checks how the service validates its sections of the configuration
 */
export function runService(service: ServiceName, start: StartService, checks: SectionChecks): Promise<void> {
  return runProcess(async (scope) => {
    const { config, logger } = scope;
    await openConfig(scope, checks);
    const ports = await openPorts(scope);
    await holdRollbacks(scope, ports);
    prepareDefaults(config);
    // an event on a bus of this process alone would be lost for the services that are not in it
    const hasBus = config.adapters.bus !== 'embedded';
    if (!hasBus) {
      logger.warn(
        `The ${service} runs alone in the ${config.settings.profile} profile: its bus and directory are within this process, so it reaches no other service. "npm start" runs all five together.`,
      );
    }
    const startRelay = hasBus ? prepareRelay(ports, scope) : undefined;
    const instance = await startOne(service, start, ports, scope);
    if (!scope.stopping.aborted) startRelay?.([instance]);
  });
}
