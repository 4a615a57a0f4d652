import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { PeerDoor } from '../federation/peer-door.js';
import { ForwardModule } from '../forward/forward.module.js';
import { MethodsModule } from '../methods/methods.module.js';
import { ResumeModule } from '../resume/resume.module.js';
import { StatelessModule } from '../stateless/stateless.module.js';
import { ClientNotifications } from './client-notifications.js';
import { EndpointLifecycle } from './endpoint-lifecycle.js';
import { EndpointLoad } from './endpoint-load.js';
import { Eras } from './eras.js';
import { ExchangeRunner } from './exchange-runner.js';
import { Initializer } from './initializer.js';
import { KnownServers } from './known-servers.js';
import { McpEndpoint } from './mcp-endpoint.js';
import { OrphanedSessions } from './orphaned-sessions.js';
import { SessionEra } from './session-era.js';
import { SessionFinder } from './session-finder.js';
import { SessionLog } from './session-log.js';
import { SessionPushes } from './session-pushes.js';
import { SessionStreams } from './session-streams.js';
import { Sessions } from './sessions.js';

@Module({
  imports: [AuthModule, ForwardModule, MethodsModule, ResumeModule, StatelessModule],
  providers: [
    ClientNotifications,
    EndpointLifecycle,
    EndpointLoad,
    Eras,
    ExchangeRunner,
    Initializer,
    KnownServers,
    McpEndpoint,
    OrphanedSessions,
    PeerDoor,
    SessionEra,
    SessionFinder,
    SessionLog,
    SessionPushes,
    Sessions,
    SessionStreams,
  ],
  exports: [McpEndpoint],
})
export class McpEndpointModule {}
