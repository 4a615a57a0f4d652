import type { Candidacy, LeadershipListener } from '@signalbox/ports';
import type { KeyValue } from '../api/answers.js';
import { BlockingQuery, pause } from '../api/blocking-query.js';
import type { ConsulApi } from '../api/consul-api.js';
import { Session, type SessionOptions } from './session.js';

export interface CandidacyOptions extends SessionOptions {
  readonly key: string;
  readonly instanceId: string;
  /** For messages. */
  readonly name: string;
}

/** One candidate: a session, and the wish that it holds the key. */
export class ConsulCandidacy implements Candidacy {
  private readonly ended = new AbortController();
  private readonly running: Promise<void>;
  private leads = false;

  constructor(
    private readonly api: ConsulApi,
    private readonly options: CandidacyOptions,
    private readonly listener: LeadershipListener,
  ) {
    this.running = this.run();
  }

  async resign(): Promise<void> {
    this.depose('resigned');
    this.ended.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.ended;
    let failures = 0;
    while (!signal.aborted) {
      try {
        const session = await Session.create(this.api, `${this.options.name} ${this.options.instanceId}`, this.options);
        failures = 0;
        await this.stand(session);
      } catch (error) {
        if (failures++ === 0) this.report(error);
        const { backoffMs, maxBackoffMs } = this.api.options;
        const most = Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(failures, 20));
        await pause(most * (0.5 + Math.random() / 2), signal);
      }
    }
  }

  /** A candidate as long as its session lasts. */
  private async stand(session: Session): Promise<void> {
    const { key, instanceId, lockDelayMs } = this.options;
    const over = AbortSignal.any([this.ended.signal, session.lost]);
    // at once and not in the turn after: nobody may act as leader beyond it
    session.lost.addEventListener('abort', () => this.depose(String(session.lost.reason)), { once: true });
    let holder: string | undefined;
    let changed: () => void = () => undefined;
    const query = new BlockingQuery<KeyValue | undefined>(
      { ...this.api.options, onError: (error) => this.report(error) },
      (block) => this.api.getKey(key, block),
      (value) => {
        holder = value?.Session;
        if (this.leads && holder !== session.id) void this.confirm(session);
        changed();
      },
      key,
    );
    try {
      while (!over.aborted) {
        // its own when the answer to acquiring it was lost
        const available = (): boolean => !this.leads && (holder === undefined || holder === session.id);
        if (available() && (await this.acquire(session, over))) continue;
        // a free key that was refused is in its lock delay, of which no change tells
        const retry = available() ? lockDelayMs / 2 + Math.random() * lockDelayMs : 3_600_000;
        const again = new AbortController();
        changed = () => again.abort();
        await pause(retry, AbortSignal.any([over, again.signal]));
      }
    } finally {
      query.end();
      // released and not only left to its session, for that would begin the lock delay
      const released = await this.api.releaseKey(key, instanceId, session.id).then(
        () => true,
        () => false,
      );
      if (released) await session.destroy();
      else session.abandon();
    }
  }

  /** An answer from before the key was acquired may come after it. */
  private async confirm(session: Session): Promise<void> {
    // when this fails, it is the session that shows whether the lock still holds
    const found = await this.api.getKey(this.options.key).catch(() => undefined);
    if (found && found.value?.Session !== session.id) session.lose('its lock was taken away');
  }

  /** @returns whether it leads now */
  private async acquire(session: Session, over: AbortSignal): Promise<boolean> {
    const { key, instanceId } = this.options;
    try {
      if (!(await this.api.acquireKey(key, instanceId, session.id)) || over.aborted) return false;
      const { value } = await this.api.getKey(key);
      if (value?.Session !== session.id || over.aborted) return false;
      this.leads = true;
      this.tell(() => this.listener.elected(value.LockIndex));
      return true;
    } catch (error) {
      this.report(error);
      return false;
    }
  }

  private depose(reason: string): void {
    if (!this.leads) return;
    this.leads = false;
    this.tell(() => this.listener.deposed(reason));
  }

  private tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.report(error);
    }
  }

  private report(error: unknown): void {
    this.api.options.onError(error, `leadership of ${this.options.name}`);
  }
}
