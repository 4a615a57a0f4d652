import { Module } from '@nestjs/common';
import { EntityLog } from './entity-log.js';

@Module({ providers: [EntityLog], exports: [EntityLog] })
export class EntityLogModule {}
