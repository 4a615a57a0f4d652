import { createEvent, newId, SUITE_STREAM } from '@signalbox/contracts';
import { VersionConflictError } from '@signalbox/ports';
import type { EventLog } from './event-log.js';

/**
 * The id of this suite: what shares one log is one suite. The first that asks gives it one; a log keeps it for ever, so that
 * peers know the suite again after a restart.
 */
export class SuiteIdentity {
  #id: string | undefined;
  #reading: Promise<string> | undefined;

  constructor(private readonly log: Pick<EventLog, 'append' | 'readStream'>) {}

  /** Undefined until {@link read} has been answered once. */
  get known(): string | undefined {
    return this.#id;
  }

  /** @throws StoreUnavailableError while the log is away; who asks again later gets it then */
  read(): Promise<string> {
    if (this.#id !== undefined) return Promise.resolve(this.#id);
    this.#reading ??= this.#find().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #find(): Promise<string> {
    this.#id = (await this.#stored()) ?? (await this.#give());
    return this.#id;
  }

  async #stored(): Promise<string | undefined> {
    const [named] = await this.log.readStream<'suite.named'>(SUITE_STREAM, { limit: 1 });
    return named?.data.suite;
  }

  async #give(): Promise<string> {
    const suite = newId();
    try {
      await this.log.append({
        stream: SUITE_STREAM,
        expectedVersion: 0,
        events: [createEvent('suite.named', { suite })],
        commitId: `suite.${suite}`,
        metadata: { correlationId: suite },
      });
    } catch (error) {
      if (!(error instanceof VersionConflictError)) throw error;
    }
    // another service may have been first
    const stored = await this.#stored();
    if (stored === undefined) throw new Error(`the stream ${SUITE_STREAM} has no name in it after one was stored`);
    return stored;
  }
}
