import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { InjectContext, InjectEventStore, ProblemException, type ServiceContext } from '@signalbox/nest-kit';
import type { EventStore } from '@signalbox/ports';
import type { ServerResponse } from 'node:http';
import type { MonitorConfig } from '../../config.js';
import { InjectMonitorConfig } from '../../monitor-config.module.js';
import type { EventStreamQuery } from './event-query.js';
import { EventReader } from './event-reader.js';
import { CompleteSource, NewestSource, type Batch, type BatchSource } from './event-source.js';
import { pumpEvents, type Pace } from './event-stream.js';
import { SseConnection } from './sse-connection.js';
import { Wake } from './wake.js';

const NEWEST_BATCH = 50;

/** A stream whose first read has succeeded, so that a wrong cursor can still be answered as an error. */
export interface OpenedStream {
  readonly source: BatchSource;
  readonly first: Batch;
  readonly pace: Pace;
}

/** The server-sent event streams that are open: bounded in number, and closed before the server is. */
@Injectable()
export class EventStreams implements BeforeApplicationShutdown {
  readonly #connections = new Set<SseConnection>();
  readonly #running = new Set<Promise<void>>();
  #opening = 0;
  #stopping = false;

  constructor(
    private readonly reader: EventReader,
    @InjectEventStore() private readonly events: EventStore,
    @InjectMonitorConfig() private readonly config: MonitorConfig,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  /** @throws ProblemException 503 when there are too many; InvalidCursorError */
  async open(query: EventStreamQuery, after: string | undefined): Promise<OpenedStream> {
    const { maxStreams, batch, paceMs, newestPaceMs, pollMs } = this.config.stream;
    if (this.#stopping) throw new ProblemException(503, 'Service Unavailable', { detail: 'the monitor is stopping' });
    if (this.#connections.size + this.#opening >= maxStreams) {
      throw new ProblemException(503, 'Service Unavailable', {
        detail: `all ${maxStreams} event streams are in use`,
        retryable: true,
      });
    }
    this.#opening++;
    try {
      if (query.mode === 'newest') {
        const source = new NewestSource(this.reader, query, after, NEWEST_BATCH);
        return { source, first: await source.next(), pace: { paceMs: newestPaceMs, pollMs } };
      }
      const start = after ?? (query.from === undefined ? await this.reader.tail() : undefined);
      const source = new CompleteSource(this.reader, query, start, batch);
      return { source, first: await source.next(), pace: { paceMs, pollMs } };
    } finally {
      this.#opening--;
    }
  }

  /** Takes over a response and streams to it. Returns at once. */
  serve({ source, first, pace }: OpenedStream, response: ServerResponse): void {
    const connection = new SseConnection(response, this.config.stream);
    const wake = new Wake();
    const unsubscribe = this.events.onCommitted(wake.signal);
    // for what was committed since the first read
    wake.signal();
    this.#connections.add(connection);
    const running = pumpEvents(source, first, connection, wake, pace)
      .catch((error: unknown) => {
        this.context.logger?.warn({ err: error }, 'streaming events');
        connection.end(
          'event: interrupted\ndata: {"reason":"the log could not be read; resume with Last-Event-ID"}\n\n',
        );
      })
      .finally(() => {
        unsubscribe();
        this.#connections.delete(connection);
        this.#running.delete(running);
      });
    this.#running.add(running);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping = true;
    for (const connection of this.#connections) connection.end(': the monitor is stopping\n\n');
    await Promise.all(this.#running);
  }
}
