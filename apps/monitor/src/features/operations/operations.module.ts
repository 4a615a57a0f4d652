import { Module } from '@nestjs/common';
import { DeadLettersController } from './dead-letters.controller.js';
import { ProjectionsController } from './projections.controller.js';
import { Projections } from './projections.service.js';

@Module({ controllers: [DeadLettersController, ProjectionsController], providers: [Projections] })
export class OperationsModule {}
