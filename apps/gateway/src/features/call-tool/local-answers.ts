import { Injectable } from '@nestjs/common';
import { newId, traceFields } from '@signalbox/contracts';
import { InjectClock, InjectContext, InjectTracer, type ServiceContext } from '@signalbox/nest-kit';
import type { Clock, Tracer } from '@signalbox/ports';
import { rpcErrorOf, errorWithCallId } from '../../errors.js';
import { withCallId } from './call-id.js';
import { CallLog, type RequestedCall } from './call-log.js';
import { CallMetrics } from './call-metrics.js';
import type { CallOutcome, ToolCall } from './tool-caller.js';

/** Calls that the gateway answers by itself: from a cache, or with a tool of its own. They are in the log like all others. */
@Injectable()
export class LocalAnswers {
  constructor(
    private readonly log: CallLog,
    private readonly metrics: CallMetrics,
    @InjectClock() private readonly clock: Clock,
    @InjectTracer() private readonly tracer: Tracer,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  /** Never rejects. The call's id is in the result's `_meta`, or in the error's data. */
  async answer(
    { entry, params, caller, bytes, traceparent: parent }: Omit<ToolCall, 'channel'>,
    result: Readonly<Record<string, unknown>>,
  ): Promise<CallOutcome> {
    const callId = newId();
    const span = this.tracer.startSpan(`tools/call ${entry.name}`, {
      kind: 'server',
      parent,
      attributes: {
        'mcp.method.name': 'tools/call',
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': entry.name,
        'signalbox.server': entry.server,
        'signalbox.call.id': callId,
        'signalbox.call.local': true,
      },
    });
    const requestedAt = this.clock.now();
    const call: RequestedCall = {
      callId,
      entry,
      calledAs: params['name'] as string,
      arguments: params['arguments'],
      caller,
      requestedAt,
      deadline: requestedAt + entry.deadlineMs,
      traceparent: span.traceparent,
      bytes,
    };
    try {
      await this.log.answered(call, result, () => Math.max(0, this.clock.now() - requestedAt));
      this.metrics.record(entry.server, entry.name, 'ok', Math.max(0, this.clock.now() - requestedAt));
      return { callId, result: withCallId(result, callId) };
    } catch (cause) {
      span.fail((cause as Error).message);
      const error = rpcErrorOf(cause, entry.server, (err) =>
        this.context.logger?.error({ err, callId, ...traceFields(span.traceparent) }, 'a call failed'),
      );
      return { callId, error: errorWithCallId(error, callId) };
    } finally {
      span.end();
    }
  }
}
