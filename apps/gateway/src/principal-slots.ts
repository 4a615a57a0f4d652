export interface SlotLimits {
  /** Places in all. */
  readonly max: number;
  /** Of which one principal may have so many. */
  readonly maxPerPrincipal: number;
}

/** Places of which there are so many at this gateway, and fewer for one principal: no client takes them all. */
export class PrincipalSlots {
  readonly #byPrincipal = new Map<string, number>();
  #size = 0;

  constructor(readonly limits: SlotLimits) {}

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
