import { Module } from '@nestjs/common';
import { MiddlewareModule } from '../middleware/middleware.module.js';
import { Authorizers } from './authorizers.js';
import { ReverseRequests } from './reverse-requests.js';
import { ServerOrders } from './server-orders.js';
import { SessionPushes } from './session-pushes.js';
import { UpstreamServers } from './upstream-servers.js';

@Module({
  imports: [MiddlewareModule],
  providers: [UpstreamServers, ServerOrders, SessionPushes, ReverseRequests, Authorizers],
  exports: [Authorizers, SessionPushes, UpstreamServers, ReverseRequests],
})
export class ConnectionsModule {}
