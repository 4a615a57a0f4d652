import { Injectable } from '@nestjs/common';
import { traceFields, type SafetyClass } from '@signalbox/contracts';
import { afterLostAttempt, attemptDecider, closingOf, type RetryVerdict } from '@signalbox/domain/call';
import { InjectClock, InjectContext, InjectEventLog, type ServiceContext } from '@signalbox/nest-kit';
import { VersionConflictError, type Clock } from '@signalbox/ports';
import type { EventLog } from '@signalbox/runtime';
import type { AttemptRecord } from './attempt-records.js';
import { RetryBudget } from './retry-budget.js';

export interface CallInfo {
  readonly safetyClass: SafetyClass;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly requestedAt: number;
  readonly traceparent?: string | undefined;
}

/** Writes the outcome of attempts whose executors are gone. */
@Injectable()
export class LostAttempts {
  constructor(
    @InjectEventLog() private readonly log: EventLog,
    @InjectClock() private readonly clock: Clock,
    @InjectContext() private readonly context: ServiceContext,
    private readonly budget: RetryBudget,
  ) {}

  /**
   * Ends an attempt without an outcome at the next version of its stream, so that its executor can neither start nor end
   * it any more.
   * @param willRunAgain whether the caller runs the call again if it may; that costs budget
   * @returns what may be done now; undefined when another was first: read the record again
   */
  async close(record: AttemptRecord, call: CallInfo, willRunAgain: boolean): Promise<RetryVerdict | undefined> {
    const { callId, attempt, started, holder, stream, version } = record;
    const now = this.clock.now();
    const lost = { attempt, started: started !== undefined };
    const hasBudget = !willRunAgain || this.budget.hasRoom;
    const verdict = afterLostAttempt(call.safetyClass, lost, { now, deadline: call.deadline, hasBudget });
    const since = started ? Date.parse(started.time) : call.requestedAt;
    const command = closingOf(verdict, lost, {
      callId,
      executor: holder.actor,
      deadline: call.deadline,
      durationMs: Math.max(0, now - since),
    });
    const before = started ? attemptDecider.evolve(attemptDecider.initial, started) : attemptDecider.initial;
    try {
      const { replayed } = await this.log.append({
        stream,
        expectedVersion: version,
        events: attemptDecider.decide(command, before),
        commitId: `${callId}.${attempt}.lost`,
        metadata: {
          correlationId: callId,
          causationId: `${callId}.requested`,
          traceparent: started?.traceparent ?? call.traceparent,
        },
      });
      if (replayed) return undefined;
    } catch (error) {
      if (error instanceof VersionConflictError) return undefined;
      throw error;
    }
    const fields = traceFields(started?.traceparent ?? call.traceparent);
    this.context.logger?.warn({ callId, attempt, executor: holder.actor, verdict, ...fields }, 'an attempt was lost');
    if (willRunAgain && verdict.retry && lost.started) this.budget.spend();
    return verdict;
  }
}
