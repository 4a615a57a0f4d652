import { newId } from '@signalbox/contracts';
import type { DeadLetter, OutgoingMessage } from '@signalbox/ports';

/** Parks a message: what is kept of it is what an operator needs to judge and to replay it. */
export function deadLetter(
  message: OutgoingMessage,
  at: { queue: string; attempts: number; reason: string; now: number },
) {
  const { id, type, body, correlationId, traceparent, expiresAt } = message;
  return {
    id: newId(),
    queue: at.queue,
    reason: at.reason,
    attempts: at.attempts,
    time: new Date(at.now).toISOString(),
    message: {
      id,
      type,
      body,
      ...(correlationId === undefined ? {} : { correlationId }),
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    },
  } satisfies DeadLetter;
}
