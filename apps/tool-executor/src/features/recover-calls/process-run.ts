import { Injectable } from '@nestjs/common';
import { newId } from '@signalbox/contracts';

/** One run of the process, in every claim it takes: instances that start again go on under the same name. */
@Injectable()
export class ProcessRun {
  readonly #id = newId();
  #attempts = 0;

  /** Unique for each time that an attempt is begun: a redelivered command must meet the claim of the first, not repeat it. */
  nextAttempt(): string {
    return `${this.#id}-${this.#attempts++}`;
  }

  /** Whether a claim with this commitId was taken by this run. */
  isMine(commitId: string): boolean {
    return commitId.includes(`.${this.#id}-`);
  }
}
