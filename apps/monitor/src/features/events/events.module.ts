import { Module } from '@nestjs/common';
import { EventReader } from './event-reader.js';
import { EventStreams } from './event-streams.js';
import { EventsController } from './events.controller.js';
import { Principals } from './principals.js';

@Module({ controllers: [EventsController], providers: [EventReader, EventStreams, Principals] })
export class EventsModule {}
