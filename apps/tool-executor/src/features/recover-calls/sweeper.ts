import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { createEvent, executeQueue, newId, pinnedStream, traceFields } from '@signalbox/contracts';
import { afterLostAttempt, lostAttemptOf, MAX_ATTEMPTS } from '@signalbox/domain/call';
import { InjectContext, InjectEventLog, type ServiceContext } from '@signalbox/nest-kit';
import type { Candidacy } from '@signalbox/ports';
import type { EventLog } from '@signalbox/runtime';
import type { ExecutorConfig } from '../../config.js';
import { InjectExecutorConfig } from '../../executor-config.module.js';
import { isTaken } from '../run-call/is-taken.js';
import { AttemptRecords, type AttemptRecord } from './attempt-records.js';
import { LostAttempts, type CallInfo } from './lost-attempts.js';
import type { OpenCall } from './open-calls.js';
import { HolderLiveness } from './holder-liveness.js';
import { OpenCallsFollower } from './open-calls-follower.js';
import { rebuildCommand } from './rebuild-command.js';
import { sweepAction } from './sweep-decision.js';

export const SWEEPER = 'sweeper';
/** Calls that are looked at in one round. */
const MAX_PER_ROUND = 200;

/** What the sweeper looks at and acts through; one provider, so that its constructor stays short. */
@Injectable()
export class SweeperTools {
  constructor(
    readonly records: AttemptRecords,
    readonly liveness: HolderLiveness,
    readonly lost: LostAttempts,
  ) {}
}

/**
 * Sees to calls that nobody else sees to any more, on one instance at a time. Where one process writes the log there is
 * nothing to sweep: what is lost there is lost with the process, and ended when it starts again.
 */
@Injectable()
export class Sweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #candidacy: Candidacy | undefined;
  #follower: OpenCallsFollower | undefined;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;

  constructor(
    @InjectContext() private readonly context: ServiceContext,
    @InjectEventLog() private readonly log: EventLog,
    @InjectExecutorConfig() private readonly config: ExecutorConfig,
    private readonly tools: SweeperTools,
  ) {}

  onApplicationBootstrap(): void {
    if (this.tools.liveness.isAlone) return;
    const { ports, instanceId } = this.context;
    this.#candidacy = ports.leader.campaign(SWEEPER, instanceId, {
      elected: () => this.#begin(),
      deposed: () => void this.#end(),
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#end();
    await this.#candidacy?.resign();
  }

  #begin(): void {
    const { ports, logger } = this.context;
    const follower = new OpenCallsFollower(ports.events, this.config.recovery, (error) =>
      logger?.warn({ err: error }, 'the sweeper could not read the log'),
    );
    this.#follower = follower;
    follower.start();
    this.#timer = setInterval(() => {
      this.#round ??= this.#sweep(follower)
        .catch((error: unknown) => logger?.warn({ err: error }, 'the sweeper was held up'))
        .finally(() => (this.#round = undefined));
    }, this.config.recovery.sweepMs);
  }

  async #end(): Promise<void> {
    clearInterval(this.#timer);
    const follower = this.#follower;
    this.#follower = undefined;
    await follower?.stop();
    await this.#round;
  }

  async #sweep(follower: OpenCallsFollower): Promise<void> {
    for (const call of follower.calls.takeDue(this.context.ports.clock.now(), MAX_PER_ROUND)) {
      if (follower !== this.#follower) return;
      if (!(await this.#see(call))) follower.calls.delete(call.requested.data.callId);
    }
  }

  /** @returns whether the call is still open */
  async #see(open: OpenCall): Promise<boolean> {
    const { requested, deadline } = open;
    const { callId, safetyClass } = requested.data;
    const { recovery } = this.config;
    const { liveness, lost } = this.tools;
    const call: CallInfo = {
      safetyClass,
      deadline,
      requestedAt: Date.parse(requested.time),
      traceparent: requested.traceparent,
    };
    const { attempt, record } = await this.#newest(callId, call);
    const facts = {
      attempt,
      phase: record === undefined ? 'unclaimed' : record.outcome ? 'ended' : 'held',
      holderLives: record !== undefined && (await liveness.isLive(record.holder)),
      gatewayLives: await liveness.isLeased(requested.actor),
      now: this.context.ports.clock.now(),
      deadline,
    } as const;
    switch (sweepAction(facts, recovery)) {
      case 'forget':
        return false;
      case 'wait':
        return true;
      case 'close':
        await lost.close(record!, call, !facts.gatewayLives);
        // what may follow it is sent in the next round
        open.dueAt = 0;
        return true;
      case 'expire':
        await this.#expire(call, callId, attempt);
        return true;
      case 'send':
        await this.#send(open, attempt);
        return true;
    }
  }

  /** The first attempt that is not followed by another. */
  async #newest(callId: string, call: CallInfo): Promise<{ attempt: number; record: AttemptRecord | undefined }> {
    for (let attempt = 1; ; attempt++) {
      const record = await this.tools.records.read(callId, attempt);
      const lost = record?.outcome && lostAttemptOf(record.outcome);
      const conditions = { now: this.context.ports.clock.now(), deadline: call.deadline };
      const isFollowed = lost && attempt < MAX_ATTEMPTS && afterLostAttempt(call.safetyClass, lost, conditions).retry;
      if (!isFollowed) return { attempt, record };
    }
  }

  /** Nobody waits for the reply: the result is for the log. */
  async #send(open: OpenCall, attempt: number): Promise<void> {
    const { requested, deadline } = open;
    const now = this.context.ports.clock.now();
    if (now < open.sendAt) return;
    open.sendWaitMs *= 2;
    open.sendAt = now + open.sendWaitMs;
    const body = rebuildCommand(requested, attempt, this.config.redaction.replacement);
    if (!body) return;
    const { callId, server } = requested.data;
    const fields = { callId, attempt, ...traceFields(body.traceparent) };
    this.context.logger?.warn(fields, 'a call is sent again, because its gateway is gone');
    await this.context.ports.bus.send(executeQueue(server), {
      id: newId(),
      type: 'execute',
      body,
      correlationId: callId,
      traceparent: body.traceparent,
      expiresAt: deadline,
    });
  }

  async #expire({ deadline, requestedAt, traceparent }: CallInfo, callId: string, attempt: number): Promise<void> {
    const expired = createEvent('tool.call.expired', {
      callId,
      attempt,
      deadline: new Date(deadline).toISOString(),
      durationMs: Math.max(0, this.context.ports.clock.now() - requestedAt),
    });
    const { instanceId } = this.context;
    try {
      await this.log.append({
        stream: pinnedStream('attempt', instanceId, `${callId}.${attempt}`),
        expectedVersion: 0,
        events: [expired],
        commitId: `${callId}.${attempt}.swept`,
        claims: [`attempt:${callId}:${attempt}`],
        metadata: { correlationId: callId, causationId: `${callId}.requested`, traceparent },
      });
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
  }
}
