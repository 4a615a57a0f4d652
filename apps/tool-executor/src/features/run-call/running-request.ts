import type { ExecuteCommand, ParkedRequest } from '@signalbox/contracts';
import {
  CancelledError,
  DeadlineError,
  type CallerMeta,
  type Inbound,
  type RpcOutcome,
  type UpstreamRequestOptions,
} from '@signalbox/mcp';
import type { Delivery, Span } from '@signalbox/ports';
import type { Responder } from '../connections/reverse-requests.js';
import type { PooledConnection } from '../pools/pooled-connection.js';
import type { Race } from './race.js';
import type { AttemptLog } from './attempt-log.js';

/** A gateway that goes on with a request in place of the one that sent it. */
export interface Taker {
  readonly delivery: Delivery;
  /** Lets go of the delivery: the request is over, or another has taken it. */
  done(): void;
}

/** One request in hand, from its command to its reply. Also the options under which it is sent, so that no further object is needed. */
export class RunningRequest implements UpstreamRequestOptions {
  /** Set anew for each try: a try is a span of its own. */
  headers: Readonly<Record<string, string>> = {};
  /** For modern servers. */
  caller: CallerMeta | undefined;
  /** The connection that it runs on, or ran on last. */
  pooled: PooledConnection | undefined;
  /** For a call, as soon as it is run. */
  attempt: AttemptLog | undefined;
  phase: 'waiting' | 'running' = 'waiting';
  /** Somebody had it before: nothing is sent before its start is in the log, whatever its class. */
  redelivered = false;
  /** Instances that it was sent to and that did not answer; set by the second try. */
  avoided: Set<string> | undefined;
  /** The attempts beside it, where there are some. */
  race: Race | undefined;
  /** The attempts that were begun beside this one, the first. */
  twins: RunningRequest[] | undefined;
  /** It runs beside the attempt before it. */
  isHedge = false;
  /** The server has asked its client something: a second run would ask it again. */
  hasAsked = false;
  /** Its client was asked something and may come back to another gateway. */
  parked: ParkedRequest | undefined;
  /** Where it goes on when its gateway is gone. */
  taker: Taker | undefined;
  /** It has become a task: what the server asks goes into the log. */
  isTaskNow = false;
  /** Questions of the server that are in the log. */
  recorded: Set<string> | undefined;
  /** Why it was cancelled. */
  cancelled: string | undefined;
  /** Questions to the client that wait for its answer. */
  #asking: Set<(error: Error) => void> | undefined;
  #lastQuestion = 0;

  constructor(
    readonly command: ExecuteCommand,
    /** Milliseconds since the epoch. */
    readonly deadline: number,
    readonly receivedAt: number,
    private readonly relay: (request: RunningRequest, from: Responder, message: Inbound) => void,
    /** Of the time from the command to its reply; what follows from it is below it in the trace. */
    readonly span: Span,
  ) {}

  onMessage(message: Inbound): void {
    if ('id' in message) this.hasAsked = true;
    if (this.pooled) this.relay(this, this.pooled.connection, message);
  }

  cancel(reason: string): void {
    this.cancelled ??= reason;
    this.pooled?.connection.cancel(this, reason);
    // unless one of them has answered, which is why this one is no longer wanted
    if (this.twins && !this.race?.winner) for (const twin of this.twins) twin.cancel(reason);
    for (const giveUp of this.#asking ?? []) giveUp(new CancelledError(reason));
  }

  /**
   * Asks the client something, as a server would.
   * @throws CancelledError, or DeadlineError at the deadline of the request
   */
  ask(method: string, params: object | undefined): Promise<RpcOutcome> {
    if (this.cancelled !== undefined) return Promise.reject(new CancelledError(this.cancelled));
    return new Promise((resolve, reject) => {
      const waiting = (this.#asking ??= new Set());
      const late = () => giveUp(new DeadlineError(`the client did not answer ${method} before the deadline`));
      const timer = setTimeout(late, Math.max(0, this.deadline - Date.now()));
      const giveUp = (error: Error) => (done(), reject(error));
      const done = () => {
        clearTimeout(timer);
        waiting.delete(giveUp);
      };
      waiting.add(giveUp);
      const from = { respond: (_id: unknown, outcome: RpcOutcome) => (done(), resolve(outcome)) };
      const message = { jsonrpc: '2.0', id: ++this.#lastQuestion, method, params } as Inbound;
      this.hasAsked = true;
      this.relay(this, from, message);
    });
  }
}
