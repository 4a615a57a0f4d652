import { Module } from '@nestjs/common';
import { ConnectionsModule } from '../connections/connections.module.js';
import { ConfigFollower } from './config-follower.js';

@Module({ imports: [ConnectionsModule], providers: [ConfigFollower] })
export class FollowConfigModule {}
