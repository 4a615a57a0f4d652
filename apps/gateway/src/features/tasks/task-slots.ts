export interface TaskLimits {
  /** Tasks that run at the same time. */
  readonly max: number;
  readonly maxPerPrincipal: number;
}

/** Counts the tasks that run at this gateway. */
export class TaskSlots {
  readonly #byPrincipal = new Map<string, number>();
  #size = 0;

  constructor(private readonly limits: TaskLimits) {}

  get size(): number {
    return this.#size;
  }

  /** @returns how to give the place back, once; undefined when there is none */
  take(principal: string): (() => void) | undefined {
    const own = this.#byPrincipal.get(principal) ?? 0;
    if (this.#size >= this.limits.max || own >= this.limits.maxPerPrincipal) return undefined;
    this.#size++;
    this.#byPrincipal.set(principal, own + 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#size--;
      const left = this.#byPrincipal.get(principal)! - 1;
      if (left > 0) this.#byPrincipal.set(principal, left);
      else this.#byPrincipal.delete(principal);
    };
  }
}
