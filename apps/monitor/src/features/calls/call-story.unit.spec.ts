import { recorded } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { tellCall } from './call-story.js';

const ids = { callId: '01CALL', attempt: 1 };
const at = (second: number) => ({
  time: `2026-01-01T00:00:0${second}.000Z`,
  correlationId: '01CALL',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
});
const requested = recorded(
  'tool.call.requested',
  {
    callId: '01CALL',
    server: 'files',
    tool: 'read',
    calledAs: 'files__read',
    safetyClass: 'read',
    arguments: { path: 'a' },
    principal: 'alice',
    via: 'mcp',
    deadline: '2026-01-01T00:01:00.000Z',
  },
  at(0),
);
const started = recorded(
  'tool.call.started',
  { ...ids, server: 'files', tool: 'read', executor: 'e-1', waitedMs: 999.5 },
  at(1),
);
const progressed = recorded('tool.call.progressed', { ...ids, progress: 1, total: 2, message: 'half' }, at(2));
const completed = recorded(
  'tool.call.completed',
  { ...ids, result: { content: [] }, isError: false, durationMs: 2000.25 },
  at(3),
);

describe('tellCall', () => {
  it('tells a whole call', () => {
    const story = tellCall('01CALL', [requested, started, progressed, completed]);
    expect(story).toMatchObject({
      id: '01CALL',
      state: 'completed',
      isError: false,
      principal: 'alice',
      arguments: { path: 'a' },
      result: { content: [] },
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      times: {
        requested: at(0).time,
        started: at(1).time,
        firstProgress: at(2).time,
        outcome: at(3).time,
        waitingMs: 999.5,
        runningMs: 2000.25,
        totalMs: 3000,
      },
      attempts: [
        { attempt: 1, state: 'completed', executor: 'e-1', progress: [{ progress: 1, total: 2, message: 'half' }] },
      ],
    });
    expect(story?.events.map(({ type }) => type)).toEqual([
      'tool.call.requested',
      'tool.call.started',
      'tool.call.progressed',
      'tool.call.completed',
    ]);
  });

  it('tells a call that has only been asked for', () => {
    const story = tellCall('01CALL', [requested]);
    expect(story).toMatchObject({ state: 'requested', attempts: [], times: { requested: at(0).time } });
    expect(story).not.toHaveProperty('result');
  });

  it('tells each attempt, and the outcome of the last', () => {
    const again = { ...ids, attempt: 2 };
    const story = tellCall('01CALL', [
      requested,
      started,
      recorded(
        'tool.call.failed',
        { ...ids, error: { code: -1, message: 'gone' }, retryable: true, durationMs: 1 },
        at(2),
      ),
      recorded(
        'tool.call.started',
        { ...again, server: 'files', tool: 'read', executor: 'e-2', waitedMs: 2500 },
        at(3),
      ),
      recorded('tool.call.completed', { ...again, result: 'fine', isError: false, durationMs: 9 }, at(4)),
    ]);
    expect(story).toMatchObject({ state: 'completed', result: 'fine' });
    expect(story).not.toHaveProperty('error');
    expect(story?.attempts.map(({ state, executor }) => [state, executor])).toEqual([
      ['failed', 'e-1'],
      ['completed', 'e-2'],
    ]);
  });

  it('knows no call in events of something else', () => {
    expect(
      tellCall('01CALL', [recorded('service.deregistered', { instanceId: 'a', serviceName: 'b', reason: 'c' })]),
    ).toBe(undefined);
    expect(tellCall('another', [requested])).toBe(undefined);
  });

  it.each([1, 2])('tells of a hedged call what the attempt brought that was faster: %i', (faster) => {
    const own = { callId: '01CALL', server: 'files', tool: 'read', waitedMs: 5 };
    const events = [
      requested,
      recorded('tool.call.started', { ...own, attempt: 1, executor: 'e-1' }, at(1)),
      recorded('tool.call.started', { ...own, attempt: 2, executor: 'e-1', hedge: true }, at(2)),
      recorded('tool.call.completed', { ...ids, attempt: faster, result: 'x', isError: false, durationMs: 7 }, at(3)),
      recorded('tool.call.cancelled', { ...ids, attempt: 3 - faster, overtakenBy: faster, durationMs: 9 }, at(4)),
    ];
    const story = tellCall('01CALL', events);
    expect(story).toMatchObject({ state: 'completed', isError: false, result: 'x' });
    expect(story!.times).toMatchObject({ outcome: at(3).time, runningMs: 7, waitingMs: 5 });
    expect(story!.attempts[2 - faster]).toMatchObject({ attempt: 3 - faster, state: 'cancelled' });
  });
});
