import { Injectable } from '@nestjs/common';
import { InjectContext, InjectEventLog, type ServiceContext } from '@signalbox/nest-kit';
import type { EventLog } from '@signalbox/runtime';
import type { ExecutorConfig } from '../../config.js';
import { InjectExecutorConfig } from '../../executor-config.module.js';
import { ProcessRun } from '../recover-calls/process-run.js';
import { AttemptLog, type Call } from './attempt-log.js';
import { BackgroundAppends } from './background-appends.js';

/** Opens the log of each attempt that this executor makes. */
@Injectable()
export class AttemptLogs {
  readonly #progressGapMs: number;

  constructor(
    @InjectEventLog() private readonly log: EventLog,
    @InjectContext() private readonly context: ServiceContext,
    @InjectExecutorConfig() config: ExecutorConfig,
    private readonly background: BackgroundAppends,
    private readonly run: ProcessRun,
  ) {
    this.#progressGapMs = 1000 / config.progressPerSecond;
  }

  open(call: Call, traceparent: string): AttemptLog {
    return new AttemptLog(this.log, call, {
      executor: this.context.instanceId,
      traceparent,
      run: this.run.nextAttempt(),
      progressGapMs: this.#progressGapMs,
      background: this.background.add,
    });
  }
}
