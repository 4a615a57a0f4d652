import { Module } from '@nestjs/common';
import { ForwardModule } from '../forward/forward.module.js';
import { AbandonedCalls } from './abandoned-calls.js';
import { CallLog } from './call-log.js';
import { CallMetrics } from './call-metrics.js';
import { LocalAnswers } from './local-answers.js';
import { ToolCaller } from './tool-caller.js';

@Module({
  imports: [ForwardModule],
  providers: [AbandonedCalls, CallLog, CallMetrics, LocalAnswers, ToolCaller],
  exports: [LocalAnswers, ToolCaller],
})
export class CallToolModule {}
