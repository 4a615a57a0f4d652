import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { AnswerStream } from '@signalbox/mcp';
import type { GatewayConfig } from '../../config.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';

/** The answers of MCP 2026-07-28 that are streams now, and what keeps their connections alive. */
@Injectable()
export class AnswerStreams implements OnModuleInit, BeforeApplicationShutdown {
  readonly open = new Set<AnswerStream>();
  readonly maxQueuedBytes: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(@InjectGatewayConfig() private readonly config: GatewayConfig) {
    this.maxQueuedBytes = config.streams.maxQueuedBytes;
  }

  onModuleInit(): void {
    this.#timer = setInterval(() => {
      for (const stream of this.open) stream.keepAlive();
    }, this.config.streams.keepAliveMs);
    this.#timer.unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.#timer);
  }
}
