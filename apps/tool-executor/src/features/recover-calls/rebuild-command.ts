import { isBlobRef, newTraceparent, type ExecuteCommand } from '@signalbox/contracts';
import type { Requested } from './open-calls.js';

/**
 * The command of a call, from what the log has of it; undefined when the log does not have all: arguments that were
 * redacted or lie in the blob store, and calls of a session, whose abilities and `_meta` are not written down.
 * @param replacement what stands where something was redacted
 */
export function rebuildCommand(
  { data, actor, time, traceparent }: Requested,
  attempt: number,
  replacement: string,
): ExecuteCommand | undefined {
  const { callId, server, tool, safetyClass, principal } = data;
  const args = data.arguments as Record<string, unknown>;
  if (data.sessionId !== undefined || isBlobRef(args)) return undefined;
  if (replacement === '' || JSON.stringify(args).includes(replacement)) return undefined;
  return {
    requestId: callId,
    server,
    method: 'tools/call',
    params: { name: tool, arguments: args },
    client: { principal, gateway: actor, ...(data.client ? { info: data.client } : {}) },
    deadline: Date.parse(data.deadline),
    traceparent: traceparent ?? newTraceparent(),
    call: { callId, attempt, tool, safetyClass, requestedAt: Date.parse(time) },
  };
}
