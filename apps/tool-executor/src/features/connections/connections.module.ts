import { Module } from '@nestjs/common';
import { ReverseRequests } from './reverse-requests.js';
import { SessionPushes } from './session-pushes.js';
import { UpstreamServers } from './upstream-servers.js';

@Module({
  providers: [UpstreamServers, SessionPushes, ReverseRequests],
  exports: [SessionPushes, UpstreamServers, ReverseRequests],
})
export class ConnectionsModule {}
