import type { ServiceInstance } from '@signalbox/contracts';
import type { ServiceContext } from './service-context.js';

/** How a service shows itself in the directory. */
export interface RegistrationOptions {
  readonly role?: ServiceInstance['role'];
  readonly tags?: readonly string[];
  readonly features?: readonly string[];
  readonly maxConcurrentRequests?: number;
}

export const DEFAULT_CAPACITY = 1_000;

/** Registers a running service in the directory, with its readiness as health check. @returns what takes it out again */
export async function registerSelf(
  context: ServiceContext,
  url: URL,
  options: RegistrationOptions,
): Promise<(reason: string) => Promise<void>> {
  const now = context.ports.clock.now();
  const role = options.role ?? 'worker';
  await context.ports.directory.register({
    id: context.instanceId,
    serviceName: context.service,
    host: url.hostname,
    port: Number(url.port),
    status: 'UP',
    role,
    capacity: { maxConcurrentRequests: options.maxConcurrentRequests ?? DEFAULT_CAPACITY, currentLoad: 0 },
    features: [...(options.features ?? [])],
    tags: ['mcp', role, ...(options.tags ?? [])],
    metadata: { version: context.version },
    healthCheckUrl: new URL('/health/ready', url).href,
    registrationTime: now,
    lastUpdateTime: now,
  });
  return async (reason) => {
    await context.ports.directory.deregister(context.instanceId, reason);
  };
}
