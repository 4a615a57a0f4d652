/** The waiting of a loop: for a time, until it is woken, until somebody is in a hurry, or until it shall end. */
export class Pause {
  private release: (() => void) | undefined;
  private deaf = false;
  private patient = false;
  private woken = false;
  ended = false;

  reset(): void {
    this.ended = false;
    this.woken = false;
  }

  /** From here on, a wake-up is news. */
  listen(): void {
    this.woken = false;
  }

  /** There may be something to do: ends a pause that is not deaf, or the next one. */
  wake(): void {
    this.woken = true;
    if (!this.deaf) this.release?.();
  }

  /** Somebody waits for the loop: ends a pause that is not patient. */
  hurry(): void {
    this.woken = true;
    if (!this.patient) this.release?.();
  }

  /** Ends this pause and all later ones. */
  end(): void {
    this.ended = true;
    this.release?.();
  }

  /** @param options `deaf`: wake-ups do not end it; `patient`: hurry does not either */
  async forAtMost(ms: number, options: { deaf?: boolean; patient?: boolean } = {}): Promise<void> {
    const { deaf = false, patient = false } = options;
    if (this.ended || (this.woken && !deaf)) return;
    this.deaf = deaf;
    this.patient = patient;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.release = resolve;
      timer = setTimeout(resolve, ms);
      timer.unref();
    });
    clearTimeout(timer);
    this.release = undefined;
    this.deaf = false;
  }
}
