import type { ServiceInstance, ServiceStatus } from '@signalbox/contracts';

/**
 * Which service instances exist (DESIGN section 5).
 *
 * Contract, proven by `serviceDirectoryContract` of `@signalbox/port-contracts`:
 * - `register` of a known id replaces it and keeps its `registrationTime`.
 * - An instance with a `healthCheckUrl` is checked every `checkIntervalMs` and is UP or DOWN by what it answers
 *   (2xx within the time-out is UP); one without keeps the status it was registered with.
 * - A watcher hears the present instances at once, then after each change, each time the whole list.
 */
export interface ServiceDirectory {
  /** Whether each change is written to the log (`service.*`), so that the past can be read there. */
  readonly isLogged?: boolean;
  register(instance: ServiceInstance): Promise<void>;
  /** False when there is no such instance. */
  deregister(instanceId: string, reason?: string): Promise<boolean>;
  /** All instances of a service, whatever their status. */
  getInstances(serviceName: string): Promise<ServiceInstance[]>;
  findServices(query: ServiceQuery): Promise<ServiceInstance[]>;
  /** @returns a function that ends the watch */
  watchService(serviceName: string, listener: (instances: ServiceInstance[]) => void): () => void;
  /** Rejects with the reason when the directory cannot answer now. */
  ping(): Promise<void>;
  /** Ends checks and watches. Registered instances stay. */
  close(): Promise<void>;
}

/** All given criteria must hold; an empty query finds everything. */
export interface ServiceQuery {
  readonly serviceName?: string;
  readonly status?: ServiceStatus;
  readonly role?: ServiceInstance['role'];
  /** All of them must be among the instance's tags. */
  readonly tags?: readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
}
