import { Injectable } from '@nestjs/common';
import type { ExecutePart } from '@signalbox/contracts';
import type { Inbound } from '@signalbox/mcp';
import type { Delivery } from '@signalbox/ports';
import type { ExecutorConfig } from '../../config.js';
import { InjectExecutorConfig } from '../../executor-config.module.js';
import { ReverseRequests, type Responder } from '../connections/reverse-requests.js';
import { UpstreamMiddleware } from '../middleware/upstream-middleware.js';
import { CallRunner } from './call-runner.js';
import type { RunningRequest } from './running-request.js';
import { TaskQuestions } from './task-questions.js';

const PROGRESS = 'notifications/progress';
const CANCELLED = 'notifications/cancelled';

/** Brings what a server says during a request to the client that made it, in the order in which it was said. */
@Injectable()
export class MessageRelay {
  constructor(
    @InjectExecutorConfig() private readonly config: ExecutorConfig,
    private readonly reverse: ReverseRequests,
    private readonly calls: CallRunner,
    private readonly middleware: UpstreamMiddleware,
    private readonly tasks: TaskQuestions,
  ) {}

  relay(delivery: Delivery, request: RunningRequest, from: Responder, message: Inbound): void {
    const { method, params } = message;
    if (method === PROGRESS) this.calls.progressed(request, message);
    if (this.tasks.take(request, from, message)) return;
    const part =
      'id' in message
        ? this.#requestPart(request, from, message)
        : this.#notificationPart(request, from, method, params);
    if (part) delivery.part(part);
  }

  /** What the client has not answered by the end of its request is refused. */
  close(request: RunningRequest): void {
    this.reverse.closeOwner(request.command.requestId);
  }

  #requestPart(
    request: RunningRequest,
    from: Responder,
    message: Extract<Inbound, { id: unknown }>,
  ): ExecutePart | undefined {
    const { method, params } = message;
    const id = this.reverse.open(from, message.id, request.command.requestId, this.config.maxReverseRequests, {
      method,
      params,
    });
    return id === undefined ? undefined : { kind: 'request', id, inbox: this.tasks.inbox, method, params };
  }

  #notificationPart(
    request: RunningRequest,
    from: Responder,
    method: string,
    params: Inbound['params'],
  ): ExecutePart | undefined {
    const { command } = request;
    if (method === CANCELLED) {
      const id = this.reverse.withdraw(from, params?.['requestId'], command.requestId);
      return id === undefined ? undefined : { kind: 'notification', method, params: { ...params, requestId: id } };
    }
    if (command.client.sessionId === undefined && method !== PROGRESS && !isSurelyFor(request)) return undefined;
    const passed = this.middleware.notification(command.server, command.client, method, params);
    return passed && { kind: 'notification', method, params: passed.params };
  }
}

/**
 * Callers without a session share connections. Over HTTP a message comes on the stream of its request; where one channel
 * carries all, only progress says whose it is. Nobody of them hears of log messages that did not ask for them.
 */
function isSurelyFor({ command, pooled }: RunningRequest): boolean {
  if (command.client.logLevel === undefined || !pooled) return false;
  const { dialect, inFlight } = pooled.connection;
  return dialect.transport === 'http' || inFlight <= 1;
}
