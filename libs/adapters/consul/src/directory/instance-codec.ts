import type { ServiceInstance, ServiceStatus } from '@signalbox/contracts';
import type { ConsulCheck, ConsulService, HealthEntry } from '../api/answers.js';
import { fromMeta, toMeta } from './instance-meta.js';

export interface CheckOptions {
  /** Milliseconds between checks; default 15 000, Consul makes less than 1000 of it 1000. */
  readonly checkIntervalMs: number;
  /** Milliseconds for a whole check; default 5000. */
  readonly checkTimeoutMs: number;
  /** Milliseconds after which Consul forgets an instance that is down; default 300 000, at least 60 000 there. */
  readonly deregisterAfterMs: number;
}

/** Services of others with this tag are taken for MCP servers. */
const MCP_TAG = 'mcp';
const FOREIGN_CAPACITY = { maxConcurrentRequests: 1000, currentLoad: 0 };

export const checkIdOf = (instanceId: string): string => `service:${instanceId}`;

/**
 * What the agent is told of an instance.
 * @param passing whether its health check counts as passed until it has run
 */
export function toService(
  instance: ServiceInstance,
  revision: string,
  passing: boolean,
  options: CheckOptions,
): object {
  const { id, serviceName, host, port, role, tags, healthCheckUrl } = instance;
  return {
    id,
    name: serviceName,
    address: host,
    port,
    tags: [...new Set([MCP_TAG, role, ...tags])],
    meta: toMeta(instance, revision),
    ...(healthCheckUrl !== undefined && {
      check: {
        checkid: checkIdOf(id),
        name: 'readiness',
        http: healthCheckUrl,
        interval: `${options.checkIntervalMs}ms`,
        timeout: `${options.checkTimeoutMs}ms`,
        status: passing ? 'passing' : 'critical',
        deregistercriticalserviceafter: `${options.deregisterAfterMs}ms`,
      },
    }),
  };
}

/** @returns undefined for a service that is no MCP server */
export function toInstance({ Node, Service, Checks }: HealthEntry): ServiceInstance | undefined {
  const instance = registered(Service, Node.Address);
  return instance && { ...instance, status: statusOf(instance, Checks) };
}

/** The instance as it was registered; health checks may have found another status since. */
export function registered(service: ConsulService, nodeAddress = ''): ServiceInstance | undefined {
  const place = {
    id: service.ID,
    serviceName: service.Service,
    host: service.Address || nodeAddress,
    port: service.Port,
  };
  const stored = fromMeta(service.Meta);
  if (stored) return { ...place, ...stored.document };
  if (!service.Tags?.includes(MCP_TAG)) return undefined;
  return {
    ...place,
    status: 'UP',
    role: 'worker',
    capacity: FOREIGN_CAPACITY,
    features: [],
    tags: [...service.Tags],
    metadata: { ...service.Meta },
    registrationTime: 0,
    lastUpdateTime: 0,
  };
}

/**
 * Any critical check, of the node too, makes it DOWN; of warnings only that of its own health check (it answered 429,
 * which is no 2xx). Maintenance, by whomever, takes it out of service.
 */
function statusOf(instance: ServiceInstance, checks: readonly ConsulCheck[]): ServiceStatus {
  const maintenance = checks.some(
    ({ CheckID }) => CheckID === '_node_maintenance' || CheckID.startsWith('_service_maintenance'),
  );
  if (maintenance || instance.status === 'OUT_OF_SERVICE') return 'OUT_OF_SERVICE';
  const own = checks.find(({ CheckID }) => CheckID === checkIdOf(instance.id));
  if (own?.Status === 'critical' && own.Output === '' && instance.status === 'STARTING') return 'STARTING';
  if (checks.some(({ Status }) => Status === 'critical') || (own && own.Status !== 'passing')) return 'DOWN';
  return own ? 'UP' : instance.status;
}
