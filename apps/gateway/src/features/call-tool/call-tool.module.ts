import { Module } from '@nestjs/common';
import { ForwardModule } from '../forward/forward.module.js';
import { AbandonedCalls } from './abandoned-calls.js';
import { CallLog } from './call-log.js';
import { CallMetrics } from './call-metrics.js';
import { ToolCaller } from './tool-caller.js';

@Module({
  imports: [ForwardModule],
  providers: [AbandonedCalls, CallLog, CallMetrics, ToolCaller],
  exports: [ToolCaller],
})
export class CallToolModule {}
