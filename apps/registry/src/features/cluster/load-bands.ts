import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { createEvent, newId, type InstanceHeartbeat, type LoadBand, type RecordedEvent } from '@signalbox/contracts';
import { heard, type BandState } from '@signalbox/domain/cluster';
import { InjectContext, InjectEventLog, type ServiceContext } from '@signalbox/nest-kit';
import { EventLog } from '@signalbox/runtime';
import { EntityLog } from '../../entity-log.js';
import { LoadBoard } from '../load/load-board.js';
import { Leadership } from './leadership.js';

/** Time between two looks for instances that are silent, milliseconds. */
const LOOK_MS = 1_000;

interface Known {
  /** As the log has it. */
  logged: LoadBand;
  state: BandState;
  writing: boolean;
}

/** Records, while this registry leads, when an instance comes into another band of load. */
@Injectable()
export class LoadBands implements OnModuleInit, BeforeApplicationShutdown {
  readonly #known = new Map<string, Known>();
  #timer: NodeJS.Timeout | undefined;
  readonly #writes = new Set<Promise<void>>();

  constructor(
    @InjectContext() private readonly context: ServiceContext,
    @InjectEventLog() private readonly log: EventLog,
    private readonly entityLog: EntityLog,
    private readonly board: LoadBoard,
    private readonly leadership: Leadership,
  ) {}

  onModuleInit(): void {
    this.entityLog.onEvent((event) => this.#apply(event));
    this.board.onBeat((beat) => this.#hear(beat));
    this.leadership.add({
      lead: () => (this.#timer = setInterval(() => this.#lookForSilent(), LOOK_MS).unref()),
      follow: () => clearInterval(this.#timer),
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#writes);
  }

  #apply({ type, data }: RecordedEvent): void {
    // a service that ends in an orderly way is not silent, it is gone
    if (type === 'service.deregistered') this.#known.delete(data.instanceId);
    if (type === 'instance.load_changed') this.#of(data.instanceId).logged = data.to;
  }

  #hear(beat: InstanceHeartbeat): void {
    const known = this.#of(beat.instanceId);
    known.state = heard(known.state, beat.load);
    this.#record(beat, known);
  }

  #lookForSilent(): void {
    for (const beat of this.board.silent()) {
      const known = this.#known.get(beat.instanceId);
      if (!known) continue;
      known.state = { band: 'silent' };
      this.#record(beat, known);
    }
  }

  #of(instanceId: string): Known {
    let known = this.#known.get(instanceId);
    if (!known) this.#known.set(instanceId, (known = { logged: 'normal', state: { band: 'normal' }, writing: false }));
    return known;
  }

  #record({ instanceId, serviceName, load }: InstanceHeartbeat, known: Known): void {
    const from = known.logged;
    const to = known.state.band;
    if (from === to || known.writing || this.leadership.term === undefined) return;
    known.writing = true;
    const { running, queued, capacity } = load;
    const commitId = newId();
    const data = { instanceId, serviceName, from, to, running, queued, capacity };
    const write = this.log
      .append({
        stream: `load-${instanceId}`,
        expectedVersion: 'any',
        events: [createEvent('instance.load_changed', data)],
        commitId,
        metadata: { correlationId: commitId },
      })
      .then(() => void (known.logged = to))
      .catch((error: unknown) => this.context.logger?.debug({ err: error, instanceId }, 'a band was not recorded'))
      .finally(() => (known.writing = false));
    this.#writes.add(write);
    void write.finally(() => this.#writes.delete(write));
  }
}
