import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectMetrics } from '@signalbox/nest-kit';
import { Gauge, type Registry } from 'prom-client';
import { Listens } from '../listen/listens.js';
import { StatelessRunner } from '../stateless/stateless-runner.js';
import { ExchangeRunner } from './exchange-runner.js';
import { Sessions } from './sessions.js';

/** Starts the endpoint's clockwork, shows its gauges, and brings it to an orderly end. */
@Injectable()
export class EndpointLifecycle implements OnModuleInit, BeforeApplicationShutdown {
  constructor(
    private readonly sessions: Sessions,
    private readonly runner: ExchangeRunner,
    private readonly stateless: StatelessRunner,
    private readonly listens: Listens,
    @InjectMetrics() private readonly metrics: Registry,
  ) {}

  onModuleInit(): void {
    this.sessions.start();
    this.#gauge('signalbox_mcp_sessions', 'Open client sessions', () => this.sessions.table.size);
    this.#gauge('signalbox_mcp_streams', 'Event streams with a connection', () => this.sessions.openStreams);
    this.#gauge(
      'signalbox_mcp_requests_running',
      'Requests of clients that wait for an answer',
      () => this.runner.running + this.stateless.running,
    );
    this.#gauge(
      'signalbox_mcp_requests_parked',
      'Requests that are held for clients that were asked something',
      () => this.stateless.parkedNow,
    );
    this.#gauge('signalbox_mcp_listens', 'Open streams of subscriptions/listen', () => this.listens.size);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.runner.drain(), this.stateless.drain()]);
    await this.sessions.stop();
  }

  #gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.metrics],
      collect() {
        this.set(value());
      },
    });
  }
}
