import { Module } from '@nestjs/common';
import { ForwardModule } from '../forward/forward.module.js';
import { CallResumer } from './call-resumer.js';
import { RecordedCalls } from './recorded-calls.js';

/** What the log tells clients of their calls. */
@Module({
  imports: [ForwardModule],
  providers: [CallResumer, RecordedCalls],
  exports: [CallResumer, RecordedCalls],
})
export class ResumeModule {}
