import { PassingList } from '@signalbox/contracts';

interface Waiting {
  readonly until: number;
  giveUp(): void;
}

/** Lets many promises wait for at most the same time, with one timer for all of them. */
export class TimeLimit {
  /** In the order of their ends. */
  readonly #waiting = new PassingList<Waiting>();
  #timer: NodeJS.Timeout | undefined;

  /** @param ms how long each may take, milliseconds */
  constructor(
    private readonly ms: number,
    private readonly late: () => Error,
  ) {}

  /** The same as `work`, unless that takes too long; it goes on then, and nobody hears of its end. @throws what `late` makes */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting: Waiting = { until: performance.now() + this.ms, giveUp: () => reject(this.late()) };
      const place = this.#waiting.add(waiting);
      if (this.#timer === undefined) this.#timer = setTimeout(() => this.#sweep(), this.ms);
      work.then(
        (value) => {
          this.#waiting.remove(place);
          resolve(value);
        },
        (error: unknown) => {
          this.#waiting.remove(place);
          reject(error as Error);
        },
      );
    });
  }

  #sweep(): void {
    const now = performance.now();
    this.#timer = undefined;
    for (let waiting = this.#waiting.oldest; waiting; waiting = this.#waiting.oldest) {
      if (waiting.until > now) {
        this.#timer = setTimeout(() => this.#sweep(), waiting.until - now);
        return;
      }
      this.#waiting.shift();
      waiting.giveUp();
    }
  }
}
