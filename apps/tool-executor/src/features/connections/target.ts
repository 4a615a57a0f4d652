import { ServerClosedError } from './server-closed-error.js';

/** What the operators want of a server. */
export class Target {
  /** @param reason what follows the server's name, as in `is quarantined by ada: leaks files` */
  constructor(
    readonly state: 'running' | 'stopped' | 'quarantined',
    readonly reason: string,
  ) {}

  /** What a call to it is refused with. */
  refusal(name: string): ServerClosedError {
    return new ServerClosedError(name, this.reason, false);
  }
}

export const RUNNING = new Target('running', 'runs');
