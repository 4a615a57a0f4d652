import { expect, it } from 'vitest';
import { callLines, callRows } from './call-texts.js';

it('tells a call line by line, without what is not known', () => {
  const lines = callLines({
    id: '01X',
    state: 'completed',
    isError: true,
    tool: 'echo',
    arguments: { message: 'a\u001b[31mb' },
    times: { requested: '2026-01-01T00:00:00.000Z', totalMs: 12 },
    attempts: [{ attempt: 1, state: 'completed', executor: 'e1', durationMs: 9.6 }],
    events: [{ type: 'tool.call.requested', time: '2026-01-01T00:00:00.000Z' }],
  });
  expect(lines).toEqual([
    'call        01X',
    'state       completed, the tool says that it failed',
    'tool        echo',
    'requested   2026-01-01T00:00:00.000Z',
    'took        12 ms',
    'arguments   {"message":"a\\u001b[31mb"}',
    'attempt 1   completed at e1 for 10 ms',
    'events',
    '  2026-01-01T00:00:00.000Z  tool.call.requested',
  ]);
});

it('has a row per call, also of one that runs', () => {
  expect(callRows([{ id: '1', state: 'running' }])).toEqual([
    ['1', 'running', undefined, undefined, undefined, undefined, ''],
  ]);
});
