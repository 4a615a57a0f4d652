import { toCloudEvent, type CloudEvent, type RecordedEvent } from '@signalbox/contracts';
import type {
  Checkpoint,
  Commit,
  EventStore,
  MessageBus,
  OutgoingMessage,
  ReadModels,
  Span,
  Tracer,
} from '@signalbox/ports';
import type { BackoffOptions } from './backoff.js';
import { decodeCommit } from './decode-commit.js';
import { LogFollower, type FollowerState, type LogFollowerOptions } from './log-follower.js';
import { RUNTIME_LIMITS } from './limits.js';
import { failSpan } from './tracing/fail-span.js';
import { startPublishSpan } from './tracing/publish-span.js';

export interface RelayOptions {
  /** Name of its checkpoint; two relays with different partitions need different names. Default `relay`. */
  readonly name?: string;
  /** Which partitions to publish; all when absent. Each partition needs exactly one relay. */
  readonly partitions?: (name: string) => boolean;
  /** Fail, and try again, when no queue takes an event. Default false. */
  readonly mandatory?: boolean;
  /** Events of one partition that are published without waiting for each other's confirmation. Default 128. */
  readonly window?: number;
  /** Commits per partition and round. Default 256. */
  readonly batch?: number;
  readonly pollMs?: number;
  /** How long a new checkpoint may wait to be stored. After a crash what came since is published again. Default 1000 ms. */
  readonly checkpointMs?: number;
  readonly backoff?: BackoffOptions;
  readonly onError?: LogFollowerOptions['onError'];
  /** Whose spans the publishing of events is that have a traceparent. @param actor the instance that appended them */
  readonly tracerFor?: (actor: string) => Tracer;
}

export interface RelayStatus {
  readonly name: string;
  readonly state: FollowerState;
  readonly checkpoint: Checkpoint;
  readonly lag: number;
  readonly error?: string;
}

/** An event on its way to the bus. Most events have no subscriber in the embedded profile, so its body is made when it is asked for. */
class EventMessage implements OutgoingMessage {
  readonly id: string;
  readonly type: string;
  readonly correlationId: string;
  readonly traceparent: string | undefined;

  /** @param traceparent of the hop; the event itself keeps its own */
  constructor(
    private readonly event: RecordedEvent,
    traceparent: string | undefined,
  ) {
    this.id = event.id;
    this.type = event.type;
    this.correlationId = event.correlationId;
    this.traceparent = traceparent;
  }

  get body(): CloudEvent {
    return toCloudEvent(this.event);
  }
}

/**
 * The log as outbox: publishes each event as a CloudEvent and moves its checkpoint when all are confirmed, so that every event
 * reaches the bus at least once, with its id as message id. Events of a partition are published in order; after a failed
 * publish the first unconfirmed event comes next, so events behind it in the same window may come twice.
 */
export class Relay {
  private readonly follower: LogFollower;
  private readonly name: string;
  private confirmed: Record<string, { position: number; index: number }> = {};
  private saved: Checkpoint | undefined;
  private timer: NodeJS.Timeout | undefined;
  private saving: Promise<void> = Promise.resolve();

  constructor(
    store: EventStore,
    private readonly bus: MessageBus,
    private readonly readModels: ReadModels,
    private readonly options: RelayOptions = {},
  ) {
    const { name = 'relay', partitions, batch, pollMs, backoff, onError } = options;
    this.name = name;
    this.follower = new LogFollower(store, {
      from: async () => (this.saved = await readModels.checkpoint(name)),
      partitions,
      batch,
      pollMs,
      backoff,
      onError,
      onCommits: (commits) => this.publishAll(commits),
    });
  }

  start(): void {
    this.follower.start();
  }

  /** Ends after what is in hand, and stores the checkpoint. */
  async stop(): Promise<void> {
    await this.follower.stop();
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.saving;
    await this.save();
  }

  /** Resolves when everything that is in the log now has been published and confirmed. */
  caughtUp(): Promise<void> {
    return this.follower.caughtUp();
  }

  status(): RelayStatus {
    const { state, checkpoint, lag, error } = this.follower;
    return { name: this.name, state, checkpoint, lag, ...(error !== undefined && { error }) };
  }

  private async publishAll(commits: readonly Commit[]): Promise<void> {
    const byPartition = new Map<string, RecordedEvent[]>();
    for (const commit of commits) {
      if (!this.isHeard(commit)) continue;
      const events = byPartition.get(commit.partition) ?? [];
      byPartition.set(commit.partition, events);
      for (const event of decodeCommit(commit)) if (!this.isConfirmed(event)) events.push(event);
    }
    const outcomes = await Promise.allSettled([...byPartition.values()].map((events) => this.publishInOrder(events)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    this.saveLater();
  }

  /** False when publishing its events would do nothing, as it is with most of them in the embedded profile. */
  private isHeard({ types, actor, traceparent }: Commit): boolean {
    const { bus } = this;
    const { mandatory = false, tracerFor } = this.options;
    if (mandatory || bus.hears === undefined || types.some((type) => bus.hears!(type))) return true;
    return traceparent !== undefined && tracerFor?.(actor).records(traceparent) === true;
  }

  private async publishInOrder(events: readonly RecordedEvent[]): Promise<void> {
    const { window = RUNTIME_LIMITS.relay.window } = this.options;
    for (let start = 0; start < events.length; start += window) {
      const sent = events.slice(start, start + window);
      const publishes = sent.map((event) => this.publish(event));
      let failure: PromiseRejectedResult | undefined;
      let confirmed = sent.length;
      try {
        await Promise.all(publishes);
      } catch {
        const outcomes = await Promise.allSettled(publishes);
        confirmed = outcomes.findIndex(({ status }) => status === 'rejected');
        failure = outcomes[confirmed] as PromiseRejectedResult;
      }
      const last = sent[confirmed - 1];
      if (last) this.confirmed[last.partition] = { position: last.position, index: last.index };
      if (failure) throw failure.reason;
    }
  }

  private publish(event: RecordedEvent): Promise<void> {
    const { tracerFor, mandatory = false } = this.options;
    const span = startPublishSpan(tracerFor?.(event.actor), this.bus, event);
    const message = new EventMessage(event, span ? span.traceparent : event.traceparent);
    const published = this.bus.publish(message, { persistent: true, mandatory });
    return span ? endingWith(published, span) : published;
  }

  private isConfirmed({ partition, position, index }: RecordedEvent): boolean {
    const last = this.confirmed[partition];
    return last !== undefined && (position < last.position || (position === last.position && index <= last.index));
  }

  private saveLater(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.saving = this.save().catch(() => this.saveLater());
    }, this.options.checkpointMs ?? RUNTIME_LIMITS.relay.checkpointMs).unref();
  }

  private async save(): Promise<void> {
    const { checkpoint } = this.follower;
    if (this.saved === undefined || this.saved === checkpoint) return;
    await this.readModels.commit(this.name, checkpoint, []);
    this.saved = checkpoint;
  }
}

async function endingWith(published: Promise<void>, span: Span): Promise<void> {
  try {
    await published;
  } catch (error) {
    failSpan(span, error);
    throw error;
  } finally {
    span.end();
  }
}
