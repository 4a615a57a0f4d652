import type { Session } from './session.js';

export type CloseReason = 'client' | 'idle' | 'limit';

export interface SessionTableOptions {
  readonly max: number;
  readonly idleMs: number;
  /** Hears of sessions that had to make room for others. */
  readonly onPushedOut?: (session: Session) => void;
}

/** The sessions that this gateway has in memory, bounded in number and in the time that they may lie idle. The log has all of them. */
export class SessionTable {
  readonly #sessions = new Map<string, Session>();
  readonly #byId = new Map<string, Session>();

  constructor(private readonly options: SessionTableOptions) {}

  get size(): number {
    return this.#sessions.size;
  }

  all(): Iterable<Session> {
    return this.#sessions.values();
  }

  byId(id: string): Session | undefined {
    return this.#byId.get(id);
  }

  byWireId(wireId: string): Session | undefined {
    return this.#sessions.get(wireId);
  }

  /** Adds a session; when the table is full the one that was idle for longest is forgotten. False when all of them are busy. */
  add(session: Session): boolean {
    if (this.#sessions.size >= this.options.max) {
      const victim = this.#longestIdle();
      if (!victim) return false;
      this.forget(victim, 'there are too many sessions');
      this.options.onPushedOut?.(victim);
    }
    this.#sessions.set(session.wireId, session);
    this.#byId.set(session.id, session);
    return true;
  }

  /** Takes a session out of memory and ends its streams; in the log nothing happens to it. False when it was not here. */
  forget(session: Session, why: string, goesOn = false): boolean {
    if (!this.#sessions.delete(session.wireId)) return false;
    this.#byId.delete(session.id);
    session.close(why, goesOn);
    return true;
  }

  /** Forgets what has been idle for too long. @param now milliseconds since the epoch @returns what was forgotten */
  sweep(now: number): Session[] {
    const idle = [...this.#sessions.values()].filter(
      (session) => !session.busy && now - session.lastUsed > this.options.idleMs,
    );
    for (const session of idle) this.forget(session, 'idle');
    return idle;
  }

  /** Forgets all of them; they go on at other gateways. */
  forgetAll(why: string): void {
    for (const session of [...this.#sessions.values()]) this.forget(session, why, true);
  }

  #longestIdle(): Session | undefined {
    let oldest: Session | undefined;
    for (const session of this.#sessions.values()) {
      if (!session.busy && (!oldest || session.lastUsed < oldest.lastUsed)) oldest = session;
    }
    return oldest;
  }
}
