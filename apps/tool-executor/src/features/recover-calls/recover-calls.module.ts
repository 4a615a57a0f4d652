import { Module } from '@nestjs/common';
import { AttemptRecords } from './attempt-records.js';
import { EarlierRuns } from './earlier-runs.js';
import { HolderLiveness } from './holder-liveness.js';
import { LostAttempts } from './lost-attempts.js';
import { ProcessRun } from './process-run.js';
import { Redelivery } from './redelivery.js';
import { RetryBudget } from './retry-budget.js';
import { Sweeper, SweeperTools } from './sweeper.js';

@Module({
  providers: [
    ProcessRun,
    HolderLiveness,
    RetryBudget,
    AttemptRecords,
    LostAttempts,
    Redelivery,
    EarlierRuns,
    SweeperTools,
    Sweeper,
  ],
  exports: [ProcessRun, RetryBudget, Redelivery],
})
export class RecoverCallsModule {}
