import * as z from 'zod';
import type { MessageContext, MiddlewareFactory, RequestMessage } from '../api.js';
import { parseOptions } from '../entry.js';
import { namePattern } from '../method-pattern.js';
import { compileRules, ruleSchema } from './rewrite.js';

const rules = z.array(ruleSchema).max(200).default([]);
const patterns = z.array(z.string().min(1).max(200)).min(1).max(1_000).optional();
const optionsSchema = z
  .strictObject({
    /** Tools, prompts or URIs that it is for; `*` stands for any characters. All when absent. */
    names: patterns,
    /** Servers that it is for: at the executor, and for `/servers/:server/mcp`. All when absent. */
    servers: patterns,
    /** On the params of requests. */
    request: rules,
    /** On results; errors stay as they are. */
    response: rules,
    /** On the params of notifications. */
    notification: rules,
  })
  .refine(
    ({ request, response, notification }) => request.length + response.length + notification.length > 0,
    'needs at least one rule in request, response or notification',
  );

type Fields = Readonly<Record<string, unknown>>;

/** `signalbox:transform`: rewrites params and results by rules. */
export const transform: MiddlewareFactory = (given) => {
  const options = parseOptions(optionsSchema, given);
  const isName = options.names && namePattern(options.names);
  const isServer = options.servers && namePattern(options.servers);
  const applies = ({ params }: RequestMessage, { server }: MessageContext): boolean =>
    (!isName || isName(String(params?.['name'] ?? params?.['uri'] ?? ''))) && (!isServer || isServer(server ?? ''));
  const onParams = compileRules(options.request);
  const onResult = compileRules(options.response);
  const onNotification = compileRules(options.notification);
  return {
    ...(options.request.length > 0 && {
      request: (message, context) =>
        applies(message, context) ? { params: onParams(message.params, context.headers) as Fields } : undefined,
    }),
    ...(options.response.length > 0 && {
      response: (outcome, message, context) =>
        'result' in outcome && applies(message, context)
          ? { result: onResult(outcome.result, context.headers) }
          : undefined,
    }),
    ...(options.notification.length > 0 && {
      notification: (message, context) =>
        applies(message, context) ? { params: onNotification(message.params, context.headers) as Fields } : undefined,
    }),
  };
};
