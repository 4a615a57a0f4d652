import { Module } from '@nestjs/common';
import { CallsController } from './calls.controller.js';
import { Calls } from './calls.service.js';
import { Stories } from './stories.service.js';

@Module({ controllers: [CallsController], providers: [Calls, Stories] })
export class CallsModule {}
