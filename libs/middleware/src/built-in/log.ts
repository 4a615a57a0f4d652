import * as z from 'zod';
import type { MessageContext, MessageOutcome, MiddlewareFactory, RequestMessage } from '../api.js';
import { parseOptions } from '../entry.js';

const optionsSchema = z.strictObject({
  level: z.enum(['debug', 'info', 'warn']).default('info'),
  /** Params of requests and notifications, without secrets. */
  params: z.boolean().default(false),
  /** Results, without secrets. */
  results: z.boolean().default(false),
  /** Only requests that took at least so long, and those that failed; 0: all. */
  slowMs: z.number().int().min(0).max(86_400_000).default(0),
  /** Characters of params or a result as JSON; longer ones are left out. */
  maxChars: z.number().int().min(1).max(1_000_000).default(10_000),
});

/** `signalbox:log`: one line of JSON for each message. */
export const logging: MiddlewareFactory = (given, { log, redact }) => {
  const options = parseOptions(optionsSchema, given);
  const began = new WeakMap<MessageContext, number>();
  const shown = (value: unknown): unknown => {
    const clean = redact(value);
    const length = JSON.stringify(clean)?.length ?? 0;
    return length > options.maxChars ? `${length} characters` : clean;
  };
  const about = (message: RequestMessage, { direction, principal, sessionId, server }: MessageContext): object => {
    const { name, uri } = message.params ?? {};
    return {
      method: message.method,
      direction,
      ...(typeof name === 'string' ? { name } : {}),
      ...(typeof uri === 'string' ? { uri: redact(uri) } : {}),
      ...(server === undefined ? {} : { server }),
      ...(principal === undefined ? {} : { principal }),
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(options.params && message.params ? { params: shown(message.params) } : {}),
    };
  };
  return {
    request: (_message, context) => void began.set(context, performance.now()),
    response: (outcome, message, context) => {
      const durationMs = Math.round((performance.now() - (began.get(context) ?? performance.now())) * 1000) / 1000;
      const isFailure = outcomeOf(outcome) !== 'ok';
      if (durationMs < options.slowMs && !isFailure) return;
      const result = options.results && 'result' in outcome ? { result: shown(outcome.result) } : {};
      const error =
        'error' in outcome ? { code: outcome.error.code, error: redact(outcome.error.message.slice(0, 1_000)) } : {};
      log[options.level](
        { ...about(message, context), outcome: outcomeOf(outcome), durationMs, ...error, ...result },
        message.method,
      );
    },
    notification: (message, context) => {
      if (options.slowMs === 0) log[options.level](about(message, context), message.method);
    },
  };
};

function outcomeOf(outcome: MessageOutcome): 'ok' | 'tool_error' | 'error' {
  if ('error' in outcome) return 'error';
  return (outcome.result as { isError?: unknown } | null | undefined)?.isError === true ? 'tool_error' : 'ok';
}
