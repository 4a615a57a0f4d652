import type { ServiceName } from '@signalbox/contracts';
import { checks as gatewayChecks, start as gateway } from '@signalbox/gateway';
import { checks as monitorChecks, start as monitor } from '@signalbox/monitor';
import type { SectionChecks, StartService } from '@signalbox/nest-kit';
import { checks as registryChecks, start as registry } from '@signalbox/registry';
import { checks as resourceChecks, start as resourceService } from '@signalbox/resource-service';
import { checks as executorChecks, start as toolExecutor } from '@signalbox/tool-executor';

export const SERVICES: Readonly<Record<ServiceName, StartService>> = {
  gateway,
  registry,
  'tool-executor': toolExecutor,
  'resource-service': resourceService,
  monitor,
};

/** How the five validate their sections of the configuration. */
export const CHECKS: SectionChecks = {
  ...gatewayChecks,
  ...registryChecks,
  ...executorChecks,
  ...resourceChecks,
  ...monitorChecks,
};
