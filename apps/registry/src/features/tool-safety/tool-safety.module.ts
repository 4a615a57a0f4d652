import { Module } from '@nestjs/common';
import { LifecycleModule } from '../lifecycle/lifecycle.module.js';
import { ServersModule } from '../servers/servers.module.js';
import { ToolClassifier } from './tool-classifier.js';
import { ToolSafetyController } from './tool-safety.controller.js';

/** Operators say which tools may be run again. */
@Module({ imports: [ServersModule, LifecycleModule], controllers: [ToolSafetyController], providers: [ToolClassifier] })
export class ToolSafetyModule {}
