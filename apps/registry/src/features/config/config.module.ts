import { Module } from '@nestjs/common';
import { ConfigHistory } from './config-history.js';
import { ConfigRecorder } from './config-recorder.js';
import { ConfigRollback } from './config-rollback.js';
import { ConfigViews } from './config-views.js';
import { ConfigController } from './config.controller.js';

@Module({ controllers: [ConfigController], providers: [ConfigHistory, ConfigRecorder, ConfigRollback, ConfigViews] })
export class ConfigModule {}
