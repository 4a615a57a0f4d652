import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { PassingList } from '@signalbox/contracts';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import { isTaken } from './is-taken.js';

/** Appends that no reply waits for, so that their failures are seen and a stop waits for them. */
@Injectable()
export class BackgroundAppends implements OnApplicationShutdown {
  readonly #open = new PassingList<Promise<unknown>>();

  constructor(@InjectContext() private readonly context: ServiceContext) {}

  get size(): number {
    return this.#open.size;
  }

  readonly add = (append: Promise<unknown>): void => {
    const settled: Promise<void> = append.then(
      () => void this.#open.remove(place),
      (error: unknown) => {
        this.#open.remove(place);
        // of a call that need not wait for the log: another executor has written it already
        if (isTaken(error)) return;
        this.context.logger?.error({ err: error }, 'an event of a call could not be written');
      },
    );
    const place = this.#open.add(settled);
  };

  async onApplicationShutdown(): Promise<void> {
    await Promise.allSettled(this.#open.all());
  }
}
