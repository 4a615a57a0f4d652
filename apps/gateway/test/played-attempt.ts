import { createEvent, pinnedStream, type NewEvent } from '@signalbox/contracts';
import type { PortSet } from '@signalbox/ports';

const EXECUTOR = 'tool-executor-1';

/** Writes what the executor of a call would, each event into the stream of its attempt. */
export async function logAttempt(ports: PortSet, callId: string, ...events: NewEvent[]): Promise<void> {
  for (const event of events) {
    const { attempt } = event.data as { attempt: number };
    await ports.events.append({
      stream: pinnedStream('attempt', EXECUTOR, `${callId}.${attempt}`),
      expectedVersion: 'any',
      events: [event],
      commitId: event.id,
      metadata: { actor: EXECUTOR, correlationId: callId },
    });
  }
}

export const started = (callId: string, attempt = 1): NewEvent =>
  createEvent('tool.call.started', { callId, attempt, server: 's', tool: 't', executor: EXECUTOR, waitedMs: 0 });

export const progressed = (callId: string, progress: number, more: object = {}): NewEvent =>
  createEvent('tool.call.progressed', { callId, attempt: 1, progress, ...more });

export const completed = (callId: string, result: object, attempt = 1): NewEvent =>
  createEvent('tool.call.completed', { callId, attempt, result, isError: false, durationMs: 1 });

export const cancelled = (callId: string): NewEvent =>
  createEvent('tool.call.cancelled', { callId, attempt: 1, reason: 'the client cancelled the task', durationMs: 1 });

/** The executor is gone before anything was sent. */
export const lost = (callId: string, attempt: number): NewEvent =>
  createEvent('tool.call.failed', {
    callId,
    attempt,
    error: { code: -32000, message: 'lost', data: { executorLost: true, started: false } },
    retryable: true,
    durationMs: 1,
  });
