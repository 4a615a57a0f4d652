import { Injectable } from '@nestjs/common';
import { executorInbox, type ExecutePart } from '@signalbox/contracts';
import type { Inbound, UpstreamConnection } from '@signalbox/mcp';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { Delivery } from '@signalbox/ports';
import type { ExecutorConfig } from '../../config.js';
import { InjectExecutorConfig } from '../../executor-config.module.js';
import { ReverseRequests } from '../connections/reverse-requests.js';
import { CallRunner } from './call-runner.js';
import type { RunningRequest } from './running-request.js';

const PROGRESS = 'notifications/progress';
const CANCELLED = 'notifications/cancelled';

/** Brings what a server says during a request to the client that made it, in the order in which it was said. */
@Injectable()
export class MessageRelay {
  readonly #inbox: string;

  constructor(
    @InjectContext() context: ServiceContext,
    @InjectExecutorConfig() private readonly config: ExecutorConfig,
    private readonly reverse: ReverseRequests,
    private readonly calls: CallRunner,
  ) {
    this.#inbox = executorInbox(context.instanceId);
  }

  relay(delivery: Delivery, request: RunningRequest, connection: UpstreamConnection, message: Inbound): void {
    const { method, params } = message;
    if (method === PROGRESS) this.calls.progressed(request, message);
    const part =
      'id' in message
        ? this.#requestPart(request, connection, message)
        : this.#notificationPart(request, connection, method, params);
    if (part) delivery.part(part);
  }

  /** What the client has not answered by the end of its request is refused. */
  close(request: RunningRequest): void {
    this.reverse.closeOwner(request.command.requestId);
  }

  #requestPart(
    request: RunningRequest,
    connection: UpstreamConnection,
    message: Extract<Inbound, { id: unknown }>,
  ): ExecutePart | undefined {
    const { method, params } = message;
    const id = this.reverse.open(connection, message.id, request.command.requestId, this.config.maxReverseRequests);
    return id === undefined ? undefined : { kind: 'request', id, inbox: this.#inbox, method, params };
  }

  #notificationPart(
    { command }: RunningRequest,
    connection: UpstreamConnection,
    method: string,
    params: Inbound['params'],
  ): ExecutePart | undefined {
    if (method === CANCELLED) {
      const id = this.reverse.withdraw(connection, params?.['requestId'], command.requestId);
      return id === undefined ? undefined : { kind: 'notification', method, params: { ...params, requestId: id } };
    }
    // callers without a session share connections: only progress says whose it is
    if (command.client.sessionId === undefined && method !== PROGRESS) return undefined;
    return { kind: 'notification', method, params };
  }
}
