import { recorded } from '@signalbox/testing';
import { expect, it } from 'vitest';
import { OpenCalls, type Requested } from './open-calls.js';

const requested = (callId: string): Requested =>
  recorded(
    'tool.call.requested',
    {
      callId,
      server: 's',
      tool: 't',
      calledAs: 's__t',
      safetyClass: 'read',
      arguments: {},
      principal: 'p',
      via: 'mcp',
      deadline: new Date(60_000).toISOString(),
    },
    { time: new Date(0).toISOString() },
  ) as Requested;

const ids = (calls: readonly { requested: Requested }[]) => calls.map((call) => call.requested.data.callId);

it('makes calls due after a while, then after twice that, up to a bound', () => {
  const open = new OpenCalls({ max: 10, firstMs: 2_000, maxWaitMs: 6_000 });
  open.add(requested('a'));
  const dueAt: number[] = [];
  for (let now = 0; now <= 20_000; now += 500) if (open.takeDue(now, 10).length > 0) dueAt.push(now);
  expect(dueAt).toEqual([2_000, 6_000, 12_000, 18_000]);
});

it('forgets what has ended, and the oldest when it is full', () => {
  const open = new OpenCalls({ max: 2, firstMs: 1, maxWaitMs: 1 });
  for (const callId of ['a', 'b', 'c']) open.add(requested(callId));
  open.delete('c');
  expect(ids(open.takeDue(10, 10))).toEqual(['b']);
});

it('hands out no more than it is asked for, and the others next', () => {
  const open = new OpenCalls({ max: 10, firstMs: 1, maxWaitMs: 1_000 });
  for (const callId of ['a', 'b', 'c']) open.add(requested(callId));
  expect(ids(open.takeDue(10, 2))).toEqual(['a', 'b']);
  expect(ids(open.takeDue(10, 2))).toEqual(['c']);
});
