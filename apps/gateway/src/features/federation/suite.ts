import { Injectable } from '@nestjs/common';
import { InjectEventLog } from '@signalbox/nest-kit';
import { SuiteIdentity, type EventLog } from '@signalbox/runtime';

/** Which suite this gateway is of. */
@Injectable()
export class Suite extends SuiteIdentity {
  constructor(@InjectEventLog() log: EventLog) {
    super(log);
  }
}
