import { Module } from '@nestjs/common';
import { ConnectionsModule } from '../connections/connections.module.js';
import { MiddlewareModule } from '../middleware/middleware.module.js';
import { RecoverCallsModule } from '../recover-calls/recover-calls.module.js';
import { Adoptions } from './adoptions.js';
import { AttemptLogs } from './attempt-logs.js';
import { BackgroundAppends } from './background-appends.js';
import { CallRunner } from './call-runner.js';
import { ExecuteConsumer, Executors } from './execute-consumer.js';
import { Hedging } from './hedging.js';
import { MessageRelay } from './message-relay.js';
import { RequestForwarder } from './request-forwarder.js';
import { Resending } from './resending.js';
import { RunningCallsController } from './running-calls.controller.js';
import { RunningRequests } from './running-requests.js';
import { TaskQuestions } from './task-questions.js';
import { UpstreamSender } from './upstream-sender.js';

@Module({
  imports: [ConnectionsModule, MiddlewareModule, RecoverCallsModule],
  controllers: [RunningCallsController],
  providers: [
    Adoptions,
    RunningRequests,
    BackgroundAppends,
    AttemptLogs,
    Resending,
    UpstreamSender,
    CallRunner,
    Hedging,
    RequestForwarder,
    TaskQuestions,
    MessageRelay,
    Executors,
    ExecuteConsumer,
  ],
  exports: [RunningRequests],
})
export class RunCallModule {}
