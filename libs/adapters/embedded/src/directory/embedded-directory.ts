import { serviceInstanceSchema, type ServiceInstance, type ServiceStatus } from '@signalbox/contracts';
import { systemClock, type Clock, type EventStore, type ServiceDirectory, type ServiceQuery } from '@signalbox/ports';
import { DirectoryJournal } from './directory-journal.js';
import { HealthChecker, type CheckResult, type HealthCheckOptions } from './health-checker.js';
import { InstanceTable } from './instance-table.js';
import { restoreInstances } from './restore-instances.js';
import { Watchers } from './watchers.js';

export interface EmbeddedDirectoryOptions extends HealthCheckOptions {
  readonly clock?: Clock;
  /** Default 20 000: what the registry lets in, and the services themselves. */
  readonly maxInstances?: number;
  /** Milliseconds until events that the store did not take are tried again; default 5000. */
  readonly journalRetryMs?: number;
  /** Hears of errors that no caller can be told of. */
  readonly onError?: (error: unknown, where: string) => void;
}

/**
 * The directory of the embedded profile: instances in memory, each change in the log, restored from there. While the
 * store is away the directory goes on in memory, and writes the events afterwards.
 *
 * An instance that is OUT_OF_SERVICE was put there on purpose: checks leave its status alone until it registers anew.
 */
export class EmbeddedDirectory implements ServiceDirectory {
  readonly isLogged = true;
  private readonly table = new InstanceTable();
  private readonly watchers: Watchers<ServiceInstance[]>;
  private readonly journal: DirectoryJournal;
  private readonly checker: HealthChecker;
  private readonly clock: Clock;
  private readonly maxInstances: number;
  private readonly onError: (error: unknown, where: string) => void;
  private closed = false;

  private constructor(store: EventStore, options: EmbeddedDirectoryOptions) {
    this.clock = options.clock ?? systemClock;
    this.maxInstances = options.maxInstances ?? 20_000;
    this.onError = options.onError ?? (() => undefined);
    this.watchers = new Watchers((serviceName) => this.table.find({ serviceName }), this.onError);
    this.journal = new DirectoryJournal(store, options.journalRetryMs ?? 5_000, this.onError);
    this.checker = new HealthChecker(options, (id, result) => this.checked(id, result));
  }

  /** Opens the directory with the instances that the log has. */
  static async open(store: EventStore, options: EmbeddedDirectoryOptions = {}): Promise<EmbeddedDirectory> {
    const directory = new EmbeddedDirectory(store, options);
    for (const [id, { instance, version }] of await restoreInstances(store, directory.onError)) {
      directory.journal.restored(id, instance, version);
      if (instance && directory.table.size < directory.maxInstances) directory.put(instance);
    }
    return directory;
  }

  /** @throws ZodError for an instance that is not one; RangeError when the directory is full */
  async register(candidate: ServiceInstance): Promise<void> {
    this.checkOpen();
    const instance = serviceInstanceSchema.parse(candidate);
    const known = this.table.get(instance.id);
    if (!known && this.table.size >= this.maxInstances) {
      throw new RangeError(`the directory holds ${this.table.size} instances, the most allowed`);
    }
    const registrationTime = known?.registrationTime ?? instance.registrationTime;
    const registered = { ...instance, registrationTime, lastUpdateTime: this.clock.now() };
    if (known && known.serviceName !== registered.serviceName) this.watchers.notify(known.serviceName);
    this.put(registered);
    this.watchers.notify(registered.serviceName);
    await this.journal.record(registered.id, registered, 'registered with another status');
  }

  async deregister(instanceId: string, reason = 'deregistered'): Promise<boolean> {
    this.checkOpen();
    const instance = this.table.remove(instanceId);
    if (!instance) return false;
    this.checker.unwatch(instanceId);
    this.watchers.notify(instance.serviceName);
    await this.journal.record(instanceId, undefined, reason);
    return true;
  }

  async getInstances(serviceName: string): Promise<ServiceInstance[]> {
    this.checkOpen();
    return this.table.find({ serviceName });
  }

  async findServices(query: ServiceQuery): Promise<ServiceInstance[]> {
    this.checkOpen();
    return this.table.find(query);
  }

  watchService(serviceName: string, listener: (instances: ServiceInstance[]) => void): () => void {
    this.checkOpen();
    return this.watchers.add(serviceName, listener);
  }

  async ping(): Promise<void> {
    this.checkOpen();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.watchers.clear();
    await this.checker.close();
    await this.journal.close();
  }

  private put(instance: ServiceInstance): void {
    this.table.put(instance);
    if (instance.healthCheckUrl === undefined) this.checker.unwatch(instance.id);
    else this.checker.watch(instance.id, instance.healthCheckUrl);
  }

  private checked(id: string, { healthy, reason }: CheckResult): void {
    const instance = this.table.get(id);
    if (!instance || this.closed) return;
    const found: ServiceStatus = healthy ? 'UP' : 'DOWN';
    const status = instance.status === 'OUT_OF_SERVICE' ? instance.status : found;
    const updated = { ...instance, status, lastUpdateTime: this.clock.now() };
    this.table.put(updated);
    if (status === instance.status) return;
    this.watchers.notify(instance.serviceName);
    void this.journal.record(id, updated, reason);
  }

  private checkOpen(): void {
    if (this.closed) throw new Error('the service directory is closed');
  }
}
