import type { ServiceName } from '@signalbox/contracts';
import { start as gateway } from '@signalbox/gateway';
import { start as monitor } from '@signalbox/monitor';
import type { StartService } from '@signalbox/nest-kit';
import { start as registry } from '@signalbox/registry';
import { start as resourceService } from '@signalbox/resource-service';
import { start as toolExecutor } from '@signalbox/tool-executor';

export const SERVICES: Readonly<Record<ServiceName, StartService>> = {
  gateway,
  registry,
  'tool-executor': toolExecutor,
  'resource-service': resourceService,
  monitor,
};
