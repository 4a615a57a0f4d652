import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { EXECUTOR_CONTROL, executorInbox, type ExecutorControl, type ParkedRequest } from '@signalbox/contracts';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { Consumer, Delivery } from '@signalbox/ports';
import { ReverseRequests } from '../connections/reverse-requests.js';
import { ownerOf, SessionPushes } from '../connections/session-pushes.js';
import { UpstreamServers } from '../connections/upstream-servers.js';
import { RunningRequests } from '../run-call/running-requests.js';

/** Hears what gateways tell all executors, and what they answer to this one. Acts on what it holds; the rest is for others. */
@Injectable()
export class ControlConsumer implements OnApplicationBootstrap, OnApplicationShutdown {
  #consumers: Consumer[] = [];

  constructor(
    @InjectContext() private readonly context: ServiceContext,
    private readonly running: RunningRequests,
    private readonly reverse: ReverseRequests,
    private readonly servers: UpstreamServers,
    private readonly pushes: SessionPushes,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { ports, instanceId } = this.context;
    const handler = (delivery: Delivery) => this.#handle(delivery.body as ExecutorControl);
    const topic = { name: `${executorInbox(instanceId)}.control`, topics: [EXECUTOR_CONTROL], exclusive: true };
    this.#consumers = await Promise.all([
      ports.bus.consume(topic, handler),
      ports.bus.consume({ name: executorInbox(instanceId), exclusive: true }, handler),
    ]);
  }

  /** Last of all: calls that are being finished still need answers and cancellations. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.cancel()));
  }

  #handle(control: ExecutorControl): void {
    switch (control.kind) {
      case 'cancel':
        return this.running.cancel(control.requestId, control.reason);
      case 'response': {
        const { id, error, result } = control;
        this.reverse.answer(id, error ? { error } : { result });
        return;
      }
      case 'parked':
        return this.#parked(control);
      case 'record-questions': {
        const request = this.running.get(control.requestId);
        if (request) request.isTaskNow = true;
        return;
      }
      case 'notify':
        return this.#notify(control);
      case 'session-stream':
        return this.pushes.streamAt(control.sessionId, control.gateway);
      case 'session-closed':
        this.pushes.forget(control.sessionId);
        this.reverse.closeOwner(ownerOf(control.sessionId));
        for (const server of this.servers.all()) {
          server
            .closeSession(control.sessionId)
            .catch((error: unknown) => this.context.logger?.warn({ err: error }, 'a session could not be closed'));
        }
    }
  }

  #parked(control: ParkedRequest): void {
    const request = this.running.get(control.requestId);
    if (request) request.parked = control;
  }

  #notify({ sessionId, method, params }: Extract<ExecutorControl, { kind: 'notify' }>): void {
    for (const { pool, name } of this.servers.all()) {
      pool
        .bound(sessionId)
        ?.resource.connection.notify(method, params as object | undefined)
        .catch((error: unknown) => this.context.logger?.warn({ err: error, server: name }, `${method} was lost`));
    }
  }
}
