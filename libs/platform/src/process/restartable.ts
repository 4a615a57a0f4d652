import type { RunningService } from '@signalbox/nest-kit';

export interface RestartableOptions {
  /** Starts the service; the parameter makes it start again. */
  start(restart: () => void): Promise<RunningService>;
  /** It was started again. */
  restarted(): void;
  /** It was ended and could not be started again. */
  onFailure(error: Error): void;
}

/** A service that can be ended and started again in its process, one time after the other. */
export class Restartable {
  #running: RunningService | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isWanted = false;
  #stopped = false;

  private constructor(private readonly options: RestartableOptions) {}

  /** @throws what the first start throws */
  static async start(options: RestartableOptions): Promise<Restartable> {
    const restartable = new Restartable(options);
    restartable.#running = await options.start(restartable.#restart);
    return restartable;
  }

  /** Ends it for good, after a restart that is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#turn;
    await this.#running?.stop();
  }

  /** Wishes that come before it has begun are one. */
  readonly #restart = (): void => {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#turn = this.#turn.then(async () => {
      this.#isWanted = false;
      if (this.#stopped) return;
      await this.#running?.stop();
      this.#running = undefined;
      try {
        this.#running = await this.options.start(this.#restart);
        this.options.restarted();
      } catch (error) {
        this.options.onFailure(error as Error);
      }
    });
  };
}
