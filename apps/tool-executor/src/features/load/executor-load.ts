import { Injectable } from '@nestjs/common';
import { LoadMeter, type PartialLoad } from '@signalbox/nest-kit';
import { UpstreamServers } from '../connections/upstream-servers.js';
import { RunningRequests } from '../run-call/running-requests.js';

/** Says with each heartbeat what this executor has in hand, and how its pools are used. */
@Injectable()
export class ExecutorLoad {
  constructor(
    meter: LoadMeter,
    private readonly running: RunningRequests,
    private readonly servers: UpstreamServers,
  ) {
    meter.add(() => this.#read());
  }

  #read(): PartialLoad {
    const sum = { open: 0, busy: 0, waiting: 0 };
    for (const { pool } of this.servers.all()) {
      const { size, busy, waiting } = pool.statistics();
      sum.open += size;
      sum.busy += busy;
      sum.waiting += waiting;
    }
    return { running: this.running.size, queued: sum.waiting, pool: sum };
  }
}
