import { Redactor, redactionRulesSchema } from '@signalbox/runtime';
import { expect, it } from 'vitest';
import type { MessageContext, Middleware, MiddlewareHost } from '../api.js';
import { logging } from './log.js';

function setUp(options: object) {
  const lines: [string, object, string][] = [];
  const write = (level: string) => (fields: object, text: string) => void lines.push([level, fields, text]);
  const redactor = new Redactor(redactionRulesSchema.parse({}));
  const host = {
    log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    redact: (value: unknown) => redactor.redact(value),
  } as unknown as MiddlewareHost;
  const context = {
    at: 'gateway',
    direction: 'to-server',
    principal: 'ada',
    sessionId: 's',
    headers: {},
  } as MessageContext;
  return { lines, middleware: logging(options, host) as Middleware, context };
}
const message = {
  method: 'tools/call',
  params: { name: 'files__read', arguments: { path: 'x', password: 'hunter2' } },
};

it('writes one line per request, without what it carries', async () => {
  const { lines, middleware, context } = setUp({});
  await middleware.request!(message, context);
  await middleware.response!({ result: { content: [] } }, message, context);
  expect(lines).toEqual([
    [
      'info',
      {
        method: 'tools/call',
        direction: 'to-server',
        name: 'files__read',
        principal: 'ada',
        sessionId: 's',
        outcome: 'ok',
        durationMs: expect.any(Number),
      },
      'tools/call',
    ],
  ]);
});

it('writes params and results when it is told to, never secrets, and not without end', async () => {
  const { lines, middleware, context } = setUp({ params: true, results: true, maxChars: 150, level: 'debug' });
  await middleware.request!(message, context);
  await middleware.response!({ result: { text: 'x'.repeat(200) } }, message, context);
  const [level, fields] = lines[0]!;
  expect(level).toBe('debug');
  expect(fields).toMatchObject({ params: { arguments: { path: 'x' } }, result: '211 characters' });
  expect(JSON.stringify(fields)).not.toContain('hunter2');
});

it('writes failures, and else only what was slow, when it is told to', async () => {
  const { lines, middleware, context } = setUp({ slowMs: 60_000 });
  await middleware.request!(message, context);
  await middleware.response!({ result: {} }, message, context);
  middleware.notification!({ method: 'notifications/progress', params: {} }, context);
  expect(lines).toEqual([]);
  await middleware.response!({ result: { isError: true } }, message, context);
  await middleware.response!({ error: { code: -32602, message: 'no' } }, message, context);
  expect(lines.map(([, fields]) => fields)).toMatchObject([
    { outcome: 'tool_error' },
    { outcome: 'error', code: -32602, error: 'no' },
  ]);
});
