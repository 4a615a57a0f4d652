import { Injectable } from '@nestjs/common';
import type { EventType, NewEvent, RecordedEvent } from '@signalbox/contracts';
import { newsOf, NEWS_TYPES, QuietTimes, type QuietWindow } from '@signalbox/domain/notification';
import { InjectContext, InjectEventLog, type ServiceContext } from '@signalbox/nest-kit';
import type { Checkpoint, Commit } from '@signalbox/ports';
import { decodeCommit, EventLog, LogFollower } from '@signalbox/runtime';
import { InjectNotificationsConfig } from './inject-notifications-config.js';
import type { NotificationsConfig } from './notification-config.js';
import { NOTIFICATION_STREAM } from './notification-sender.js';
import { notificationId, sourceOf, tellersOf, type NewsItem, type Teller } from './telling.js';

const NAME = 'notifications';
const STATE = 'notification_state';
/** A checkpoint is stored with what was decided, and now and then when nothing was. */
const SAVE_EACH_COMMITS = 500;

/** As it is in the read models. */
interface StoredState {
  readonly _id: string;
  readonly windows: readonly QuietWindow<NewsItem>[];
  readonly failed: readonly string[];
  readonly [field: string]: unknown;
}

/**
 * Reads the log while this registry leads, and writes down what operators are to be told. It goes on where the leader before it
 * was, with what that one held back; what it decides twice has the same commit id, and is stored once.
 */
@Injectable()
export class NotificationRaiser {
  readonly #tellers: readonly Teller[];
  #follower: LogFollower | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #quiet = new QuietTimes<NewsItem>();
  #failed = new Set<string>();
  #reached: Checkpoint = {};
  #unsaved = 0;

  constructor(
    @InjectNotificationsConfig() private readonly config: NotificationsConfig,
    @InjectContext() private readonly context: ServiceContext,
    @InjectEventLog() private readonly log: EventLog,
  ) {
    this.#tellers = tellersOf(config);
  }

  start(): void {
    if (this.#follower) return;
    this.#follower = new LogFollower(this.context.ports.events, {
      from: () => this.#load(),
      partitions: (name) => name.startsWith('entity-'),
      onCommits: (commits) => this.#inTurn(() => this.#take(commits)),
      onError: (error, { fatal }) => this.context.logger?.[fatal ? 'fatal' : 'warn']({ err: error }, 'notifications'),
    });
    this.#follower.start();
  }

  /** Resolves when nothing is written any more. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    const follower = this.#follower;
    this.#follower = undefined;
    await follower?.stop();
    await this.#turn;
  }

  /** Where the last leader was; before the first, at the end of the log: what was before is no news. */
  async #load(): Promise<Checkpoint> {
    const { readModels, events } = this.context.ports;
    const [checkpoint, state] = await Promise.all([
      readModels.checkpoint(NAME),
      readModels.get<StoredState>(STATE, NAME),
    ]);
    this.#quiet = new QuietTimes(state?.windows ?? []);
    this.#failed = new Set(state?.failed ?? []);
    this.#reached = checkpoint;
    if (state === undefined) {
      const heads = (await events.partitions()).filter(({ partition }) => partition.startsWith('entity-'));
      this.#reached = Object.fromEntries(heads.map(({ partition, position }) => [partition, position]));
      await this.#save();
    }
    this.#setTimer();
    return this.#reached;
  }

  async #take(commits: readonly Commit[]): Promise<void> {
    const relevant = commits.filter(({ types }) => types.some((type) => NEWS_TYPES.has(type)));
    const reached = { ...this.#reached };
    for (const { partition, position } of commits) reached[partition] = position;
    if (relevant.length === 0 && this.#unsaved + commits.length < SAVE_EACH_COMMITS) {
      this.#reached = reached;
      this.#unsaved += commits.length;
      return;
    }
    await this.#wholly(async () => {
      for (const commit of relevant) for (const event of decodeCommit(commit)) await this.#hear(event);
      this.#reached = reached;
      await this.#save();
    });
    this.#setTimer();
  }

  /** What failed in the middle is decided once more, as if nothing had been heard. */
  async #wholly(work: () => Promise<void>): Promise<void> {
    const before = { windows: this.#quiet.windows(), failed: [...this.#failed], reached: this.#reached };
    try {
      await work();
    } catch (error) {
      this.#quiet = new QuietTimes(before.windows);
      this.#failed = new Set(before.failed);
      this.#reached = before.reached;
      throw error;
    }
  }

  async #hear(event: RecordedEvent): Promise<void> {
    const news = newsOf(event, this.#failed);
    const at = Date.parse(event.time);
    if (!news || at < Date.now() - this.config.maxAgeMs) return;
    await this.#tellHeld(at);
    for (const teller of this.#tellers) {
      if (!teller.tells(news)) continue;
      const item = { rule: teller.name, news, source: sourceOf(event) };
      const key = `${teller.name}|${news.topic}|${news.subject}`;
      if (!this.#quiet.take(key, at, teller.quietMs, item, event.id)) continue;
      await this.#append(teller.raise(item, notificationId(teller.name, event.id, 'told'), at), event);
    }
  }

  /** What was held back until `now`. */
  async #tellHeld(now: number): Promise<void> {
    const due = this.#quiet.due(now, ({ rule }) => this.#teller(rule)?.quietMs ?? 0);
    for (const held of due) {
      const id = notificationId(held.item.rule, held.first, 'held');
      const raised = this.#teller(held.item.rule)?.raise(held.item, id, held.last, held);
      if (raised) await this.#append(raised, undefined);
    }
  }

  /** Undefined for a rule that is no longer configured. */
  #teller(rule: string): Teller | undefined {
    return this.#tellers.find(({ name }) => name === rule);
  }

  async #append(raised: NewEvent<'notification.raised'>, cause: RecordedEvent<EventType> | undefined): Promise<void> {
    const { notification } = raised.data;
    await this.log.append({
      stream: NOTIFICATION_STREAM,
      expectedVersion: 'any',
      events: [raised],
      commitId: `notification.${notification}`,
      metadata: {
        correlationId: cause?.correlationId ?? notification,
        ...(cause && { causationId: cause.id, traceparent: cause.traceparent }),
      },
    });
  }

  async #save(): Promise<void> {
    const document: StoredState = { _id: NAME, windows: this.#quiet.windows(), failed: [...this.#failed] };
    await this.context.ports.readModels.commit(NAME, this.#reached, [{ op: 'put', collection: STATE, document }]);
    this.#unsaved = 0;
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    const { next } = this.#quiet;
    if (next === undefined || !this.#follower) return;
    const wait = (ms: number) => {
      this.#timer = setTimeout(() => void this.#inTurn(() => this.#onTime()).catch(() => wait(1_000)), ms);
      this.#timer.unref();
    };
    wait(Math.max(0, next - Date.now()));
  }

  async #onTime(): Promise<void> {
    if (!this.#follower) return;
    await this.#wholly(async () => {
      await this.#tellHeld(Date.now());
      await this.#save();
    });
    this.#setTimer();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
