import { Injectable } from '@nestjs/common';
import {
  EXECUTOR_CONTROL,
  executeQueue,
  newId,
  newTraceparent,
  type ExecuteCommand,
  type ExecutePart,
  type ExecuteReply,
  type ExecutorControl,
} from '@signalbox/contracts';
import type { ClientChannel, Params, RpcOutcome } from '@signalbox/mcp';
import { InjectBus, InjectTracer } from '@signalbox/nest-kit';
import type { MessageBus, Tracer } from '@signalbox/ports';
import { failSpan } from '@signalbox/runtime';
import type { Caller } from '../../caller.js';
import { withData } from '../../errors.js';
import { startSendSpan } from './send-span.js';
import { relayPart, type PartContext } from './relay-part.js';

/** One request on its way to an upstream server. */
export interface ForwardedRequest {
  readonly server: string;
  readonly method: string;
  /** With names and URIs as the server knows them. */
  readonly params: Params | undefined;
  readonly caller: Caller;
  readonly channel: ClientChannel;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** A ULID when absent. */
  readonly requestId?: string;
  readonly traceparent?: string | undefined;
  readonly call?: ExecuteCommand['call'];
  /** Hears that the client has taken the request back; the executors are told in any case. */
  readonly onCancelled?: (reason: string | undefined) => void;
}

/** Sends requests of clients to the executors of a server, and brings back everything that happens on the way. */
@Injectable()
export class UpstreamForwarder {
  constructor(
    @InjectBus() private readonly bus: MessageBus,
    @InjectTracer() private readonly tracer: Tracer,
  ) {}

  /**
   * @returns what the server answered, errors included
   * @throws NoConsumerError, RequestTimeoutError, BusOverloadedError, BusUnavailableError when no answer came
   */
  async forward(request: ForwardedRequest): Promise<RpcOutcome> {
    const { server, method, requestId = newId(), traceparent = newTraceparent() } = request;
    const span = startSendSpan(this.tracer, this.bus, { server, method, requestId, traceparent });
    if (!span) return this.#send(request, requestId, traceparent);
    try {
      return await this.#send(request, requestId, span.traceparent);
    } catch (error) {
      failSpan(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  async #send(request: ForwardedRequest, requestId: string, traceparent: string): Promise<RpcOutcome> {
    const { server, channel, deadline, call } = request;
    const clientToken = progressTokenOf(request.params);
    const body: ExecuteCommand = {
      requestId,
      server,
      method: request.method,
      params: clientToken === undefined ? request.params : withProgressToken(request.params!, requestId),
      client: request.caller.client,
      deadline,
      traceparent,
      ...(call ? { call } : {}),
    };
    const { logLevel } = request.caller.client;
    const { bus, tracer } = this;
    const relay: PartContext = { bus, tracer, traceparent, channel, requestId, clientToken, logLevel };
    channel.onCancelled((reason) => {
      this.control({ kind: 'cancel', requestId, ...(reason === undefined ? {} : { reason }) });
      request.onCancelled?.(reason);
    });
    const reply = (await this.bus.request(
      executeQueue(server),
      { id: requestId, type: 'execute', body, correlationId: requestId, traceparent, expiresAt: deadline },
      {
        deadline,
        onPart: (part) => relayPart(part as ExecutePart, relay),
      },
    )) as ExecuteReply;
    if (reply.ok) return { result: reply.result };
    return { error: reply.retryable ? withData(reply.error, { retryable: true }) : reply.error };
  }

  /** Tells all executors something; nobody waits for it. */
  control(message: ExecutorControl): void {
    this.bus
      .publish({ id: newId(), type: EXECUTOR_CONTROL, body: message }, { persistent: false })
      // an executor that cannot be told finds out by the deadline
      .catch(() => undefined);
  }
}

function progressTokenOf(params: Params | undefined): string | number | undefined {
  const meta = params?.['_meta'] as { progressToken?: unknown } | null | undefined;
  const token = meta?.progressToken;
  return typeof token === 'string' || typeof token === 'number' ? token : undefined;
}

/** The same params with a token of ours: tokens of different clients may be equal. */
function withProgressToken(params: Params, token: string): Params {
  return { ...params, _meta: { ...(params['_meta'] as object), progressToken: token } };
}
