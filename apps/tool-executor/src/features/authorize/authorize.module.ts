import { Module } from '@nestjs/common';
import { ConnectionsModule } from '../connections/connections.module.js';
import { AuthorizeController } from './authorize.controller.js';

@Module({ imports: [ConnectionsModule], controllers: [AuthorizeController] })
export class AuthorizeModule {}
