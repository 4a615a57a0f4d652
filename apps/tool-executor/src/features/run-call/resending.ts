import { Injectable } from '@nestjs/common';
import { UpstreamClosedError, UpstreamProtocolError } from '@signalbox/mcp';
import type { ExecutorConfig } from '../../config.js';
import { InjectExecutorConfig } from '../../executor-config.module.js';
import type { BalancedPool } from '../balancing/balanced-pool.js';
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
   * What no server can have seen may be sent again whatever its class. What an instance may have seen goes to another one
   * if it may run twice, and the retry budget has room for it before long.
   * @param tries how often it was sent again before
   * @param balanced where there are several instances
   * @returns milliseconds to wait before; undefined: not at all
   */
  async after(
    error: unknown,
    tries: number,
    balanced: BalancedPool | undefined,
    request: RunningRequest,
  ): Promise<number | undefined> {
    if (request.cancelled !== undefined) return undefined;
    if (error instanceof UpstreamClosedError && !error.sent) return this.#unsent(tries, balanced, request.deadline);
    if (!balanced?.hasOneUp || tries >= this.config.retriesUnsent || !isOutage(error)) return undefined;
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

function isOutage(error: unknown): boolean {
  if (error instanceof UpstreamClosedError) return true;
  return error instanceof UpstreamProtocolError && (error.status ?? 0) >= 500;
}
