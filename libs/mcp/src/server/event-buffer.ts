/** One message that was sent on a stream. */
export interface BufferedEvent {
  /** Counts the events of its stream from 1, without gaps. */
  readonly seq: number;
  readonly data: string;
  /** What the id of the event says beside its number. */
  readonly mark?: string | undefined;
}

/** Keeps what was sent on the streams of one session, for clients that come back with `Last-Event-ID`. */
export interface EventBuffer {
  append(stream: string, event: BufferedEvent): void;
  /** The events of a stream behind `seq`, or undefined when some of them are no longer there. */
  after(stream: string, seq: number): Promise<readonly BufferedEvent[] | undefined>;
  /** Forgets everything. */
  clear(): void;
}

/** Bytes that all buffers of a process share. */
export class BufferBudget {
  #used = 0;

  constructor(private readonly maxBytes: number) {}

  get used(): number {
    return this.#used;
  }

  take(bytes: number): boolean {
    if (this.#used + bytes > this.maxBytes) return false;
    this.#used += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#used -= bytes;
  }
}

interface Entry extends BufferedEvent {
  readonly stream: string;
  readonly bytes: number;
}

/** Holds the newest events in memory, bounded by number and by bytes, its own and those of all; the oldest go first. */
export class MemoryEventBuffer implements EventBuffer {
  #entries: Entry[] = [];
  #bytes = 0;
  /** Stream → newest event that was dropped. */
  readonly #dropped = new Map<string, number>();

  constructor(
    private readonly limits: { readonly maxEvents: number; readonly maxBytes: number },
    private readonly budget: BufferBudget,
  ) {}

  append(stream: string, event: BufferedEvent): void {
    const bytes = event.data.length * 2;
    while (this.#entries.length >= this.limits.maxEvents) this.#dropOldest();
    while (this.#entries.length > 0 && this.#bytes + bytes > this.limits.maxBytes) this.#dropOldest();
    let fits = bytes <= this.limits.maxBytes && this.budget.take(bytes);
    while (!fits && this.#entries.length > 0) {
      this.#dropOldest();
      fits = bytes <= this.limits.maxBytes && this.budget.take(bytes);
    }
    if (!fits) return this.#noteDropped(stream, event.seq);
    this.#entries.push({ stream, seq: event.seq, data: event.data, mark: event.mark, bytes });
    this.#bytes += bytes;
  }

  async after(stream: string, seq: number): Promise<readonly BufferedEvent[] | undefined> {
    if ((this.#dropped.get(stream) ?? 0) > seq) return undefined;
    return this.#entries.filter((entry) => entry.stream === stream && entry.seq > seq);
  }

  clear(): void {
    this.budget.giveBack(this.#bytes);
    this.#bytes = 0;
    this.#entries = [];
    this.#dropped.clear();
  }

  #dropOldest(): void {
    const oldest = this.#entries.shift()!;
    this.#bytes -= oldest.bytes;
    this.budget.giveBack(oldest.bytes);
    this.#noteDropped(oldest.stream, oldest.seq);
  }

  #noteDropped(stream: string, seq: number): void {
    this.#dropped.delete(stream);
    this.#dropped.set(stream, seq);
    // a stream that was forgotten altogether is unknown to whoever asks for it, which comes to the same
    if (this.#dropped.size > this.limits.maxEvents) this.#dropped.delete(this.#dropped.keys().next().value!);
  }
}
