import { setTimeout as delay } from 'node:timers/promises';

/** How much of the time that is left others may use up before what they stand on is ended. */
const FOUNDATION_SHARE = 0.9;

interface Step {
  readonly name: string;
  readonly stop: () => Promise<void>;
  /** Others stand on it: it ends only when they have, or when almost all of the time is up. */
  readonly foundation: boolean;
}

export interface ShutdownReport {
  /** Steps that had not ended when the time was up. */
  readonly unfinished: readonly string[];
  readonly failed: readonly { readonly name: string; readonly error: unknown }[];
}

/** What has to be ended, in the reverse of the order in which it was begun, within one total time. */
export class Shutdown {
  private readonly steps: Step[] = [];

  add(name: string, stop: () => Promise<void>): void {
    this.steps.push({ name, stop, foundation: false });
  }

  /** Adds what everything added later stands on: it is not ended under something that still works. */
  addFoundation(name: string, stop: () => Promise<void>): void {
    this.steps.push({ name, stop, foundation: true });
  }

  /**
   * Ends everything, last begun first. A step that takes more than half of what is left goes on beside the next ones, so
   * that one that hangs cannot keep the others from their turn. Never rejects.
   */
  async run(totalMs: number): Promise<ShutdownReport> {
    const deadline = performance.now() + totalMs;
    const left = (): number => Math.max(0, deadline - performance.now());
    const unfinished = new Set<string>();
    const failed: { name: string; error: unknown }[] = [];
    const running: Promise<void>[] = [];
    for (const { name, stop, foundation } of this.steps.splice(0).reverse()) {
      if (foundation) await within(Promise.all(running), left() * FOUNDATION_SHARE);
      unfinished.add(name);
      const ended = Promise.resolve()
        .then(stop)
        .catch((error: unknown) => void failed.push({ name, error }))
        .finally(() => unfinished.delete(name));
      running.push(ended);
      await within(ended, left() / 2);
    }
    await within(Promise.all(running), left());
    return { unfinished: [...unfinished], failed };
  }
}

async function within(work: Promise<unknown>, ms: number): Promise<void> {
  const timer = new AbortController();
  await Promise.race([work, delay(ms, undefined, { signal: timer.signal }).catch(() => undefined)]);
  timer.abort();
}
