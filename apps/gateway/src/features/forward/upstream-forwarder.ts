import { Injectable } from '@nestjs/common';
import {
  adoptionQueue,
  EXECUTOR_CONTROL,
  executeQueue,
  newId,
  newTraceparent,
  type AdoptRequest,
  type ExecuteCommand,
  type ExecutePart,
  type ExecuteReply,
  type ExecutorControl,
} from '@signalbox/contracts';
import { rpcError, type ClientChannel, type Params, type RpcOutcome } from '@signalbox/mcp';
import { InjectBus, InjectTracer } from '@signalbox/nest-kit';
import { NoConsumerError, type MessageBus, type Tracer } from '@signalbox/ports';
import { failSpan } from '@signalbox/runtime';
import type { Adoption, Caller } from '../../caller.js';
import { GatewayCode, withData } from '../../errors.js';
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

const ALL_GONE =
  'The gateway that held this request is gone, and so is the executor that ran it: what has come of it is not known. ' +
  'Start again without requestState if it may run twice';

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
    const { server, method, traceparent = newTraceparent() } = request;
    const requestId = request.caller.adopts?.requestId ?? request.requestId ?? newId();
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
    const { adopts, client } = request.caller;
    if (adopts) return this.#adopt(adopts, { deadline, principal: client.principal, call }, relay);
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

  /** Goes on with a request whose gateway is gone. Nothing is sent to the server but answers. */
  async #adopt(
    { executor, requestId, state, digest }: Adoption,
    { deadline, principal, call }: Pick<ForwardedRequest, 'deadline' | 'call'> & { readonly principal: string },
    relay: PartContext,
  ): Promise<RpcOutcome> {
    const body: AdoptRequest = { requestId, state, principal, digest };
    const message = { id: newId(), type: 'adopt', body, correlationId: requestId, expiresAt: deadline };
    const onPart = (part: unknown) => relayPart(part as ExecutePart, relay);
    try {
      const reply = (await this.bus.request(adoptionQueue(executor), message, { deadline, onPart })) as ExecuteReply;
      return reply.ok ? { result: reply.result } : { error: reply.error };
    } catch (error) {
      if (!(error instanceof NoConsumerError)) throw error;
      const retryable = call?.safetyClass !== 'unsafe';
      return { error: rpcError(GatewayCode.ServerUnavailable, ALL_GONE, { retryable, outcome: 'unknown' }) };
    }
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
