import { Injectable } from '@nestjs/common';
import { InjectMetrics } from '@signalbox/nest-kit';
import { Gauge, type Registry } from 'prom-client';
import { UpstreamServers } from '../connections/upstream-servers.js';

/** What `/pools` shows, for Prometheus: read when it asks. */
@Injectable()
export class PoolMetrics {
  constructor(@InjectMetrics() registry: Registry, servers: UpstreamServers) {
    new Gauge({
      name: 'signalbox_upstream_up',
      help: 'Whether the control connection to an upstream server stands',
      labelNames: ['server'],
      registers: [registry],
      collect() {
        for (const { name, supervisor } of servers.all()) this.set({ server: name }, supervisor.isUp ? 1 : 0);
      },
    });
    new Gauge({
      name: 'signalbox_pool_connections',
      help: 'Pooled connections to an upstream server, by what they do; waiting counts requests that have none',
      labelNames: ['server', 'state'],
      registers: [registry],
      collect() {
        for (const { name, pool } of servers.all()) {
          const { idle, busy, creating, waiting } = pool.statistics();
          for (const [state, count] of Object.entries({ idle, busy, creating, waiting }))
            this.set({ server: name, state }, count);
        }
      },
    });
  }
}
