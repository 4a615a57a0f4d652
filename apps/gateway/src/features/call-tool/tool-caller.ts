import { Injectable } from '@nestjs/common';
import { createEvent, newId, type CallAsTask, traceFields, type NewEvent, type RpcError } from '@signalbox/contracts';
import type { ClientChannel, Params, RpcOutcome } from '@signalbox/mcp';
import { InjectClock, InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import { RequestTimeoutError, type Clock, type Tracer } from '@signalbox/ports';
import type { Caller, TaskTerms } from '../../caller.js';
import { rpcErrorOf, saysRetryable, errorWithCallId, withData } from '../../errors.js';
import type { ToolEntry } from '../catalogue/catalogue-view.js';
import { UpstreamForwarder } from '../forward/upstream-forwarder.js';
import { CALL_ID, withCallId } from './call-id.js';
import { CallLog, type RequestedCall } from './call-log.js';
import { CallMetrics, type CallResult } from './call-metrics.js';

export { CALL_ID };

export interface ToolCall {
  readonly entry: ToolEntry;
  /** Params of `tools/call` as the client sent them. */
  readonly params: Params;
  readonly caller: Caller;
  readonly channel: ClientChannel;
  /** Upper bound of the size of the params' JSON text. */
  readonly bytes: number;
  readonly traceparent?: string | undefined;
  /** Milliseconds that the client gives the call, when that is less than the server's. */
  readonly timeoutMs?: number | undefined;
}

const RECORDED = { stored: Promise.resolve() };

export type CallOutcome = RpcOutcome & { readonly callId: string };

/** Calls a tool: records the request, has an executor run it, and makes sure that every call has an outcome in the log. */
@Injectable()
export class ToolCaller {
  readonly #tracer: Tracer;

  constructor(
    private readonly forwarder: UpstreamForwarder,
    private readonly log: CallLog,
    private readonly metrics: CallMetrics,
    @InjectClock() private readonly clock: Clock,
    @InjectContext() private readonly context: ServiceContext,
  ) {
    this.#tracer = context.ports.telemetry.tracer(context.service, context.instanceId);
  }

  /** Never rejects: failures are outcomes. The call's id is in the result's `_meta`, or in the error's data. */
  async call(request: ToolCall): Promise<CallOutcome> {
    const { entry, caller } = request;
    const callId = caller.adopts?.requestId ?? newId();
    request.channel.recordedAs?.(callId, request.params);
    const { sessionId, protocolVersion } = caller.client;
    const span = this.#tracer.startSpan(`tools/call ${entry.name}`, {
      // a REST call is within the span of its HTTP request
      kind: caller.via === 'rest' ? 'internal' : 'server',
      parent: request.traceparent,
      // OpenTelemetry semantic conventions for MCP
      attributes: this.#tracer.records(request.traceparent)
        ? {
            'mcp.method.name': 'tools/call',
            'gen_ai.operation.name': 'execute_tool',
            'gen_ai.tool.name': entry.name,
            'signalbox.server': entry.server,
            'signalbox.call.id': callId,
            ...(sessionId === undefined ? {} : { 'mcp.session.id': sessionId }),
            ...(protocolVersion === undefined ? {} : { 'mcp.protocol.version': protocolVersion }),
          }
        : undefined,
    });
    try {
      const outcome = await this.#run(request, callId, span.traceparent);
      if ('error' in outcome) {
        span.setAttribute('error.type', String(outcome.error.code));
        span.fail(outcome.error.message);
      } else if (resultOf(outcome) === 'tool_error') {
        span.setAttribute('error.type', 'tool_error');
        span.fail('the tool answered with isError');
      }
      return outcome;
    } finally {
      span.end();
    }
  }

  async #run(request: ToolCall, callId: string, traceparent: string): Promise<CallOutcome> {
    const { entry, params, caller, channel } = request;
    const requestedAt = this.clock.now();
    const call: RequestedCall = {
      callId,
      entry,
      calledAs: params['name'] as string,
      arguments: params['arguments'],
      caller,
      requestedAt,
      deadline: requestedAt + Math.min(caller.task?.deadlineMs ?? entry.deadlineMs, request.timeoutMs ?? Infinity),
      traceparent,
      bytes: request.bytes,
      suites: caller.suites,
    };
    let stored: Promise<unknown>;
    try {
      // one that is gone on with is in the log
      ({ stored } = caller.adopts ? RECORDED : await this.log.requested(call));
    } catch (error) {
      return this.#ended(call, { error: this.#errorOf(call, error) });
    }
    let isRecorded = true;
    stored.catch(() => {
      isRecorded = false;
      // the executor has not sent anything: its own append is behind the one that failed
      this.forwarder.control({ kind: 'cancel', requestId: callId, reason: 'the request could not be recorded' });
    });
    try {
      const forwarded = this.forwarder.forward({
        server: entry.server,
        method: 'tools/call',
        params: params['name'] === entry.name ? params : { ...params, name: entry.name },
        caller,
        channel,
        deadline: call.deadline,
        requestId: callId,
        traceparent: call.traceparent,
        call: {
          ...{ callId, attempt: 1, tool: entry.name, safetyClass: entry.safetyClass, requestedAt },
          ...(isServerTask(entry) ? { asServerTask: true } : {}),
          ...(caller.task ? { task: asTask(caller.task) } : {}),
        },
        onCancelled: (reason) => void this.#cancelled(call, reason),
      });
      const [outcome] = await Promise.all([forwarded, stored]);
      return this.#ended(call, outcome);
    } catch (error) {
      return isRecorded ? this.#failed(call, error) : this.#ended(call, { error: this.#errorOf(call, error) });
    }
  }

  async #failed(call: RequestedCall, cause: unknown): Promise<CallOutcome> {
    const error = this.#errorOf(call, cause);
    const { callId } = call;
    const durationMs = this.#duration(call);
    const event =
      cause instanceof RequestTimeoutError
        ? createEvent('tool.call.expired', {
            callId,
            attempt: 1,
            deadline: new Date(call.deadline).toISOString(),
            durationMs,
          })
        : createEvent('tool.call.failed', { callId, attempt: 1, error, retryable: saysRetryable(error), durationMs });
    return this.#ended(call, { error: await this.#endUnclaimed(call, event, error) });
  }

  #errorOf({ entry, callId, traceparent }: RequestedCall, cause: unknown): RpcError {
    return rpcErrorOf(cause, entry.server, (err) =>
      this.context.logger?.error({ err, callId, ...traceFields(traceparent) }, 'a call failed'),
    );
  }

  /** What cannot be recorded now is recorded at the next start. */
  async #endUnclaimed(call: RequestedCall, event: NewEvent, error: RpcError): Promise<RpcError> {
    const unclaimed = await this.log.endUnclaimed(call, event).catch(() => false);
    // whoever claimed it may have run it: doing it again is not safe
    return unclaimed ? withData(error, { retryable: true }) : withData(error, { retryable: false });
  }

  async #cancelled(call: RequestedCall, reason: string | undefined): Promise<void> {
    const { callId } = call;
    const data = { callId, attempt: 1, ...(reason === undefined ? {} : { reason }), durationMs: this.#duration(call) };
    await this.log.endUnclaimed(call, createEvent('tool.call.cancelled', data)).catch(() => false);
  }

  #ended(call: RequestedCall, outcome: RpcOutcome): CallOutcome {
    const { callId, entry } = call;
    const result = resultOf(outcome);
    const durationMs = this.#duration(call);
    this.metrics.record(entry.server, entry.name, result, durationMs);
    const { logger } = this.context;
    if (logger?.isLevelEnabled('debug')) {
      const fields = { callId, server: entry.server, tool: entry.name, result, durationMs };
      logger.debug({ ...fields, ...traceFields(call.traceparent) }, 'tools/call');
    }
    if ('error' in outcome) return { error: errorWithCallId(outcome.error, callId), callId };
    return { result: withCallId(outcome.result, callId), callId };
  }

  #duration(call: RequestedCall): number {
    return Math.max(0, this.clock.now() - call.requestedAt);
  }
}

function isServerTask({ definition }: ToolEntry): boolean {
  const execution = definition['execution'] as { readonly taskSupport?: unknown } | null | undefined;
  return execution?.taskSupport === 'required';
}

function asTask({ deadlineMs, ...terms }: TaskTerms): CallAsTask {
  return { hasOwnDeadline: deadlineMs !== undefined, ...terms };
}

function resultOf(outcome: RpcOutcome): CallResult {
  if ('error' in outcome) return saysRetryable(outcome.error) ? 'unavailable' : 'error';
  return (outcome.result as { isError?: unknown } | null)?.isError === true ? 'tool_error' : 'ok';
}
