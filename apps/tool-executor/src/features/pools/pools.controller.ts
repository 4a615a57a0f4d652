import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { shownInstance } from '../balancing/instance-log.js';
import { instanceView, type InstanceView } from '../balancing/instance-view.js';
import { UpstreamServers } from '../connections/upstream-servers.js';
import type { UpstreamServer } from '../connections/upstream-server.js';
import type { PooledConnection } from './pooled-connection.js';
import type { PoolStatistics, Slot } from './slot.js';

export interface PoolView extends PoolStatistics {
  readonly server: string;
  readonly transport: 'stdio' | 'http' | 'sse';
  /** Which era of the protocol it speaks, once that is known. */
  readonly era?: 'legacy' | 'modern';
  readonly state: string;
  readonly lastError?: string;
  readonly control?: { readonly pid?: number; readonly sessionId?: string };
  readonly connections: readonly ConnectionView[];
  /** Of a server with several. */
  readonly instances?: readonly InstanceView[];
}

interface ConnectionView {
  readonly id: number;
  /** Where it goes, of a server with several instances. */
  readonly instance?: string;
  readonly pid?: number;
  readonly sessionId?: string;
  /** The client session that it serves now, or served last; absent for callers without one. */
  readonly client?: string;
  readonly leases: number;
  readonly inFlight: number;
  readonly acquired: number;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly usedAt: string;
  readonly subscriptions: number;
}

@ApiTags('pools')
@Controller('pools')
export class PoolsController {
  constructor(private readonly servers: UpstreamServers) {}

  @Get()
  @ApiOperation({ summary: 'The connections to every upstream server, with statistics of their pools' })
  @ApiOkResponse({ description: 'One entry per upstream server' })
  list(): { pools: PoolView[] } {
    return { pools: [...this.servers.all()].map(viewOf) };
  }
}

function viewOf({ name, definition, dialect, supervisor, pool, balanced }: UpstreamServer): PoolView {
  const { connection, state, lastError } = supervisor;
  return {
    server: name,
    transport: dialect?.transport ?? definition.target.kind,
    ...(dialect ? { era: dialect.era } : {}),
    state,
    ...(lastError === undefined ? {} : { lastError }),
    ...(connection ? { control: { pid: connection.pid, sessionId: masked(connection.sessionId) } } : {}),
    ...pool.statistics(),
    connections: [...pool.slots()].map(connectionOf),
    ...(balanced && { instances: balanced.instances.map((instance) => instanceView(instance, Date.now())) }),
  };
}

function connectionOf({ resource, key, ...slot }: Slot<PooledConnection>): ConnectionView {
  const { connection, subscriptions } = resource;
  return {
    id: slot.id,
    ...(resource.url === undefined ? {} : { instance: shownInstance(resource.url) }),
    pid: connection.pid,
    sessionId: masked(connection.sessionId),
    ...(key === '' ? {} : { client: masked(key) }),
    leases: slot.leases,
    inFlight: connection.inFlight,
    acquired: slot.acquired,
    createdAt: new Date(slot.createdAt).toISOString(),
    usedAt: new Date(slot.usedAt).toISOString(),
    subscriptions: subscriptions.size,
  };
}

/** Whoever knows a session id can speak in that session: enough of it to tell two apart. */
function masked(sessionId: string | undefined): string | undefined {
  return sessionId === undefined ? undefined : `${sessionId.slice(0, 8)}…`;
}
