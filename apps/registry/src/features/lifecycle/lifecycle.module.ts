import { Module } from '@nestjs/common';
import { ServersModule } from '../servers/servers.module.js';
import { DefinitionCheck } from './definition-check.js';
import { LifecycleController } from './lifecycle.controller.js';
import { RedirectRecovery } from './redirect-recovery.js';
import { ServerCommander } from './server-commander.js';
import { ServerDefiner } from './server-definer.js';
import { ServerWriter } from './server-writer.js';

/** Operators add, change, command and remove upstream servers while everything runs. */
@Module({
  imports: [ServersModule],
  controllers: [LifecycleController],
  providers: [DefinitionCheck, ServerWriter, ServerDefiner, ServerCommander, RedirectRecovery],
  exports: [ServerWriter, ServerDefiner],
})
export class LifecycleModule {}
