import { Injectable } from '@nestjs/common';
import { createEvent, pinnedStream, type EventData, type NewEvent, type RpcError } from '@signalbox/contracts';
import { evolveTask, NO_TASK, type TaskView } from '@signalbox/domain/task';
import { InjectBlobs, InjectContext, InjectEventLog, InjectEventStore, type ServiceContext } from '@signalbox/nest-kit';
import type { BlobStore, EventStore } from '@signalbox/ports';
import { EventLog, PayloadStore, Redactor, upcast } from '@signalbox/runtime';
import type { GatewayConfig } from '../../config.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';

const PAGE = 200;

/** How far a task has been read. */
export interface TaskReading {
  readonly task: TaskView;
  readonly cursor: string | undefined;
}

const UNREAD: TaskReading = { task: NO_TASK, cursor: undefined };

/** Writes what becomes of tasks into the log, and reads it there. Each gateway writes its part into a stream of its own. */
@Injectable()
export class TaskLog {
  readonly #redactor: Redactor;
  readonly #payloads: PayloadStore;

  constructor(
    @InjectEventLog() private readonly log: EventLog,
    @InjectEventStore() private readonly store: EventStore,
    @InjectBlobs() blobs: BlobStore,
    @InjectContext() private readonly context: ServiceContext,
    @InjectGatewayConfig() config: GatewayConfig,
  ) {
    this.#redactor = new Redactor(config.redaction);
    this.#payloads = new PayloadStore(blobs, { inlineBytes: config.calls.inlineBytes });
  }

  /**
   * Reads a task, or on from an earlier reading.
   * @throws StoreUnavailableError
   */
  async read(callId: string, from: TaskReading = UNREAD): Promise<TaskReading> {
    let { task, cursor } = from;
    for (;;) {
      const after = cursor === undefined ? {} : { after: cursor };
      const page = await this.store.find({ correlationId: callId, limit: PAGE, ...after });
      for (const item of page.items) {
        cursor = item.cursor;
        task = evolveTask(task, upcast(item.event));
      }
      if (page.next === null) return { task, cursor };
    }
  }

  /** @returns when it was created, in milliseconds since the epoch @throws StoreUnavailableError */
  async created(data: EventData<'task.created'>): Promise<number> {
    const { time } = await this.#append(data.callId, createEvent('task.created', data), 'created');
    return Date.parse(time);
  }

  /** @param params what the server asked; goes into the log without secrets */
  async inputRequested({
    params,
    ...data
  }: Omit<EventData<'task.input_requested'>, 'params'> & { readonly params: object | undefined }): Promise<void> {
    const stored = params === undefined ? undefined : await this.#payloads.store(this.#redactor.redact(params));
    const event = createEvent('task.input_requested', { ...data, ...(stored === undefined ? {} : { params: stored }) });
    await this.#append(data.callId, event, `${data.key}.requested`);
  }

  async inputClosed(callId: string, key: string, reason: 'answered' | 'withdrawn'): Promise<void> {
    await this.#append(callId, createEvent('task.input_closed', { callId, key, reason }), `${key}.closed`);
  }

  async cancelRequested(callId: string): Promise<void> {
    await this.#append(callId, createEvent('task.cancel_requested', { callId }), 'cancel');
  }

  async failed(callId: string, error: RpcError): Promise<void> {
    const { code, message } = error;
    const clean = { code, message: this.#redactor.redact(message) as string };
    const data =
      error.data === undefined ? {} : { data: await this.#payloads.store(this.#redactor.redact(error.data)) };
    await this.#append(callId, createEvent('task.failed', { callId, error: { ...clean, ...data } }), 'failed');
  }

  /** @throws ClaimConflictError when it has been said before, by whatever gateway */
  async expired(callId: string, status: EventData<'task.expired'>['status']): Promise<void> {
    const event = createEvent('task.expired', { callId, status });
    await this.#append(callId, event, 'expired', [`task-expired:${callId}`]);
  }

  /** A value of an event, wherever it lies. */
  load(payload: unknown): Promise<unknown> {
    return this.#payloads.load(payload);
  }

  #append(
    callId: string,
    event: NewEvent,
    what: string,
    claims?: readonly string[],
  ): Promise<{ readonly time: string }> {
    return this.log.append({
      ...(claims ? { claims } : {}),
      stream: pinnedStream('task', this.context.instanceId, callId),
      expectedVersion: 'any',
      events: [event],
      commitId: `${callId}.task.${what}`,
      metadata: { correlationId: callId, causationId: `${callId}.requested` },
    });
  }
}
