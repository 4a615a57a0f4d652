import { Injectable } from '@nestjs/common';
import { UpstreamClosedError, UpstreamProtocolError } from '@signalbox/mcp';
import type { ExecutorConfig } from '../../config.js';
import { InjectExecutorConfig } from '../../executor-config.module.js';
import type { BalancedPool } from '../balancing/balanced-pool.js';
import type { UpstreamServer } from '../connections/upstream-server.js';
import { RetryBudget } from '../recover-calls/retry-budget.js';
import type { RunningRequest } from './running-request.js';

const FIRST_PAUSE_MS = 50;

/** Whether a request that met with an error may be sent once more (DESIGN section 2). */
@Injectable()
export class Resending {
  constructor(
    @InjectExecutorConfig() private readonly config: ExecutorConfig,
    private readonly budget: RetryBudget,
  ) {}

  /**
   * What no server can have seen may be sent again whatever its class. What was lost with its connection, or met with an
   * instance that is out of order, is sent once more if it may run twice, and the retry budget has room for it before long:
   * to another instance, or over a new connection to the restarted process or the one place that there is.
   * @param tries how often it was sent again before
   * @returns milliseconds to wait before; undefined: not at all
   */
  async after(
    error: unknown,
    tries: number,
    server: Pick<UpstreamServer, 'balanced' | 'closedFor'>,
    request: RunningRequest,
  ): Promise<number | undefined> {
    const { balanced } = server;
    if (request.cancelled !== undefined) return undefined;
    if (error instanceof UpstreamClosedError && !error.sent) return this.#unsent(tries, balanced, request.deadline);
    if (tries >= this.config.retriesUnsent || !isOutage(error, balanced)) return undefined;
    // one that was stopped, or has been replaced, takes nothing any more
    if (balanced ? !balanced.hasOneUp : server.closedFor !== undefined) return undefined;
    // what is no tool call changes nothing
    if ((request.command.call?.safetyClass ?? 'read') === 'unsafe') return undefined;
    const leftMs = request.deadline - Date.now();
    const isGranted = await this.budget.take(Math.min(this.config.balancing.retryWaitMs, leftMs));
    // the client may have given up meanwhile; what was spent is spent
    return isGranted && !isCancelled(request) && Date.now() < request.deadline ? 0 : undefined;
  }

  /** Each instance once, then as often as there is patience for one server. */
  #unsent(tries: number, balanced: BalancedPool | undefined, deadline: number): number | undefined {
    const others = balanced ? balanced.instances.length - 1 : 0;
    if (tries < others && balanced!.hasOneUp) return Date.now() < deadline ? 0 : undefined;
    const round = Math.max(0, tries - others);
    const waitMs = FIRST_PAUSE_MS * 2 ** round;
    return round < this.config.retriesUnsent && Date.now() + waitMs < deadline ? waitMs : undefined;
  }
}

const isCancelled = ({ cancelled }: RunningRequest): boolean => cancelled !== undefined;

/** Where there is one place only, an answer that says that it is out of order is what there is to say. */
function isOutage(error: unknown, balanced: BalancedPool | undefined): boolean {
  if (error instanceof UpstreamClosedError) return true;
  return balanced !== undefined && error instanceof UpstreamProtocolError && (error.status ?? 0) >= 500;
}
