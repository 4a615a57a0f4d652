import { Injectable } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExecuteCommand, ExecuteReply } from '@signalbox/contracts';
import { afterLostAttempt, lostAttemptOf } from '@signalbox/domain/call';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import { PayloadStore, recordedReply } from '@signalbox/runtime';
import type { ExecutorConfig } from '../../config.js';
import { InjectExecutorConfig } from '../../executor-config.module.js';
import { AttemptRecords, type AttemptRecord } from './attempt-records.js';
import { HolderLiveness } from './holder-liveness.js';
import { LostAttempts, type CallInfo } from './lost-attempts.js';

export interface RedeliveredCommand {
  readonly command: ExecuteCommand;
  /** Whether this process still runs the call for an earlier delivery. */
  isRunningHere(): boolean;
  isCancelled(): boolean;
  /** Runs an attempt. @returns nothing when another has claimed it */
  run(attempt: number): Promise<ExecuteReply | undefined>;
}

/**
 * Brings a command to its end that somebody had in hand before: whose executor lives is waited for, whose outcome is in the
 * log is answered with it, and what was lost is run again if its class bears it (DESIGN section 2).
 */
@Injectable()
export class Redelivery {
  readonly #payloads: PayloadStore;
  #followed = 0;

  constructor(
    private readonly records: AttemptRecords,
    private readonly liveness: HolderLiveness,
    private readonly lost: LostAttempts,
    @InjectExecutorConfig() private readonly config: ExecutorConfig,
    @InjectContext() private readonly context: ServiceContext,
  ) {
    this.#payloads = new PayloadStore(context.ports.blobs, { inlineBytes: config.inlineBytes });
  }

  /** @returns nothing when it was cancelled, when its deadline passed, or when too many are followed already */
  async resolve(redelivered: RedeliveredCommand): Promise<ExecuteReply | undefined> {
    if (this.#followed >= this.config.recovery.maxFollowed) {
      this.context.logger?.warn(
        { followed: this.#followed },
        'too many redelivered calls: one is left to its executor',
      );
      return undefined;
    }
    this.#followed++;
    try {
      return await this.#resolve(redelivered);
    } finally {
      this.#followed--;
    }
  }

  async #resolve(redelivered: RedeliveredCommand): Promise<ExecuteReply | undefined> {
    const { command } = redelivered;
    const { callId, safetyClass, requestedAt, attempt: first } = command.call!;
    const call: CallInfo = { safetyClass, requestedAt, deadline: command.deadline, traceparent: command.traceparent };
    const { clock } = this.context.ports;
    for (let attempt = first; clock.now() < command.deadline && !redelivered.isCancelled();) {
      if (redelivered.isRunningHere()) {
        await pause(this.config.recovery.followMs);
        continue;
      }
      const record = await this.records.read(callId, attempt);
      if (!record) {
        const reply = await redelivered.run(attempt);
        if (reply) return reply;
        await pause(this.config.recovery.followMs);
        continue;
      }
      if (record.outcome) {
        const { outcome } = record;
        const faster = outcome.type === 'tool.call.cancelled' ? outcome.data.overtakenBy : undefined;
        if (faster !== undefined && faster > attempt) {
          attempt = faster;
          continue;
        }
        if (!this.#mayFollow(record, call)) return recordedReply(outcome, this.#payloads);
        attempt++;
        continue;
      }
      if (await this.#isHeld(record)) {
        await pause(this.config.recovery.followMs);
        continue;
      }
      await this.lost.close(record, call, true);
    }
    return undefined;
  }

  /** Whether an attempt that has ended as lost is to be followed by another. */
  #mayFollow({ outcome }: AttemptRecord, { safetyClass, deadline }: CallInfo): boolean {
    const lost = lostAttemptOf(outcome!);
    return (
      lost !== undefined && afterLostAttempt(safetyClass, lost, { now: this.context.ports.clock.now(), deadline }).retry
    );
  }

  /** By a process that lives; what this process claimed and does not run any more is nobody's. */
  async #isHeld({ holder }: AttemptRecord): Promise<boolean> {
    return holder.actor !== this.context.instanceId && this.liveness.isLive(holder);
  }
}
