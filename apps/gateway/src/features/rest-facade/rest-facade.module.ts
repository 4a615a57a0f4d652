import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { CatalogueModule } from '../catalogue/catalogue.module.js';
import { ForwardModule } from '../forward/forward.module.js';
import { MethodsModule } from '../methods/methods.module.js';
import { ResourceProxy } from './resource-proxy.js';
import { ResourcesController } from './resources.controller.js';
import { ToolsController } from './tools.controller.js';

@Module({
  imports: [AuthModule, CatalogueModule, ForwardModule, MethodsModule],
  controllers: [ToolsController, ResourcesController],
  providers: [ResourceProxy],
  exports: [ResourceProxy],
})
export class RestFacadeModule {}
