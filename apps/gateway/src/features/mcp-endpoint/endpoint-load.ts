import { Injectable } from '@nestjs/common';
import { LoadMeter } from '@signalbox/nest-kit';
import { StatelessRunner } from '../stateless/stateless-runner.js';
import { ExchangeRunner } from './exchange-runner.js';

/** Says with each heartbeat how many requests of MCP clients wait for an answer. */
@Injectable()
export class EndpointLoad {
  constructor(meter: LoadMeter, runner: ExchangeRunner, stateless: StatelessRunner) {
    meter.add(() => ({ running: runner.running + stateless.running }));
  }
}
