import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { newId, type NewEvent, type RecordedEvent, type ServiceInstance } from '@signalbox/contracts';
import { serviceDifference } from '@signalbox/domain/cluster';
import { InjectContext, InjectEventLog, type ServiceContext } from '@signalbox/nest-kit';
import { EventLog } from '@signalbox/runtime';
import { EntityLog } from '../../entity-log.js';
import { ServiceCensus } from '../services/service-census.js';
import { Leadership } from './leadership.js';

/** Wait before what could not be written is tried again, milliseconds. */
const RETRY_MS = 1_000;
/** Time between two comparisons when nothing is told, milliseconds. */
const COMPARE_MS = 10_000;

interface Logged {
  readonly instance: ServiceInstance | undefined;
  /** Of the instance's stream. */
  readonly version: number;
}

/**
 * Writes what changes in a directory that does not do so itself, such as Consul, to the log: so that its past can be read
 * there. The leader does it, and the version of an instance's stream keeps two that both think they lead from writing it twice.
 */
@Injectable()
export class ServiceRecorder implements OnModuleInit, BeforeApplicationShutdown {
  readonly #logged = new Map<string, Logged>();
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isWanted = false;

  constructor(
    @InjectContext() private readonly context: ServiceContext,
    @InjectEventLog() private readonly log: EventLog,
    private readonly entityLog: EntityLog,
    private readonly census: ServiceCensus,
    private readonly leadership: Leadership,
  ) {}

  onModuleInit(): void {
    if (this.context.ports.directory.isLogged === true) return;
    this.entityLog.onEvent((event) => this.#apply(event));
    this.leadership.add({ lead: () => this.#compareSoon(), follow: () => clearTimeout(this.#timer) });
    this.census.onChange(() => this.#compareSoon());
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#turn;
  }

  #apply({ type, data, time, streamVersion: version }: RecordedEvent): void {
    if (type === 'service.registered') {
      this.#logged.set(data.instance.id, { instance: data.instance, version });
    } else if (type === 'service.status_changed') {
      const before = this.#logged.get(data.instanceId)?.instance;
      const instance = before && { ...before, status: data.to, lastUpdateTime: Date.parse(time) };
      this.#logged.set(data.instanceId, { instance, version });
    } else if (type === 'service.deregistered') {
      this.#logged.set(data.instanceId, { instance: undefined, version });
    }
  }

  /** One time after the other; what comes meanwhile is in the next. */
  #compareSoon(): void {
    if (this.#isWanted || this.leadership.term === undefined) return;
    this.#isWanted = true;
    this.#turn = this.#turn.then(async () => {
      this.#isWanted = false;
      clearTimeout(this.#timer);
      let next = COMPARE_MS;
      try {
        await this.#compare();
      } catch (error) {
        this.context.logger?.debug({ err: error }, 'what changed in the directory is recorded later');
        next = RETRY_MS;
      }
      if (this.leadership.term === undefined) return;
      this.#timer = setTimeout(() => this.#compareSoon(), next).unref();
    });
  }

  async #compare(): Promise<void> {
    // what is not heard of yet is not gone
    if (!this.census.isComplete) throw new Error('the directory has not told all services yet');
    await this.entityLog.caughtUp();
    for (const instance of this.census.all()) await this.#record(instance.id, instance);
    for (const [id, { instance }] of this.#logged) {
      if (instance && !this.census.get(id)) await this.#record(id, undefined);
    }
    await this.entityLog.caughtUp();
  }

  async #record(id: string, found: ServiceInstance | undefined): Promise<void> {
    const { instance, version } = this.#logged.get(id) ?? { instance: undefined, version: 0 };
    const event: NewEvent | undefined = serviceDifference(instance, found);
    if (!event || this.leadership.term === undefined) return;
    const commitId = newId();
    const request = { stream: `service-${id}`, expectedVersion: version, events: [event], commitId };
    await this.log.append({ ...request, metadata: { correlationId: commitId } });
  }
}
