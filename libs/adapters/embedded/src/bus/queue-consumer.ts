import { AsyncLocalStorage } from 'node:async_hooks';
import type { MessageHandler, Settlement } from '@signalbox/ports';
import type { QueuedMessage } from './message.js';

export class QueueConsumer {
  inHand = 0;
  /** Runs the handler in the context of whoever called `consume`: a message carries no ambient context over a bus. */
  private readonly inOwnContext = AsyncLocalStorage.snapshot();

  constructor(
    private readonly handler: MessageHandler,
    private readonly prefetch: number,
    readonly maxRetries: number,
  ) {}

  get hasCapacity(): boolean {
    return this.inHand < this.prefetch;
  }

  /** @returns what the handler returned; thenables that are not promises become promises */
  handle(message: QueuedMessage): Settlement | void | Promise<Settlement | void> {
    const outcome = this.inOwnContext(this.handler, message);
    if (typeof outcome === 'object' && 'then' in outcome && !(outcome instanceof Promise))
      return Promise.resolve(outcome);
    return outcome;
  }
}
