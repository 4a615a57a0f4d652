import type { RecordedEvent } from '@signalbox/contracts';
import { recorded } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { evolveTask, NO_TASK, taskExpiry, taskState, type TaskView } from './task-view.js';

const callId = '01K8';
const T0 = Date.UTC(2026, 0, 1);
const at = (ms: number): string => new Date(T0 + ms).toISOString();
const created = recorded(
  'task.created',
  {
    ...{ callId, secretHash: 'x', principal: 'anna', server: 's', tool: 't' },
    ...{ deadline: at(60_000), ttlMs: 100_000, pollIntervalMs: 1_000 },
  },
  { time: at(0) },
);
const asked = (key: string, ms: number) =>
  recorded(
    'task.input_requested',
    { callId, key, method: 'elicitation/create', inbox: 'box', question: 'q' },
    { time: at(ms) },
  );
const closed = (key: string, ms: number) =>
  recorded('task.input_closed', { callId, key, reason: 'answered' }, { time: at(ms) });
const started = (attempt: number, ms: number) =>
  recorded(
    'tool.call.started',
    { callId, attempt, server: 's', tool: 't', executor: 'e', waitedMs: 0 },
    { time: at(ms) },
  );
const completed = recorded(
  'tool.call.completed',
  { callId, attempt: 1, result: {}, isError: false, durationMs: 1 },
  { time: at(9_000) },
);
const cancelled = recorded('tool.call.cancelled', { callId, attempt: 1, durationMs: 1 }, { time: at(9_000) });
const unknown = recorded(
  'tool.call.outcome_unknown',
  { callId, attempt: 1, reason: 'lost', durationMs: 1 },
  { time: at(9_000) },
);
const failed = recorded('task.failed', { callId, error: { code: -1, message: 'no' } }, { time: at(5) });

const fold = (...events: RecordedEvent[]): TaskView => events.reduce(evolveTask, NO_TASK);
const stateAt = (ms: number, task: TaskView) => taskState(task, { now: T0 + ms, lostCallMs: 5_000, overdueMs: 30_000 });

describe('a task', () => {
  it('works until its call has an outcome', () => {
    const task = fold(created, started(1, 1));
    expect(stateAt(2, task)).toEqual({ status: 'working' });
    expect(stateAt(9_000, evolveTask(task, completed))).toEqual({ status: 'completed', outcome: completed });
    expect(stateAt(9_000, evolveTask(task, cancelled))).toEqual({ status: 'cancelled', outcome: cancelled });
    expect(stateAt(9_000, evolveTask(task, unknown))).toEqual({ status: 'failed', outcome: unknown });
  });

  it('needs input while a question is open, whatever order the gateways’ events come in', () => {
    const one = fold(created, asked('a', 1), asked('b', 2));
    expect(stateAt(3, one).status).toBe('input_required');
    expect([...one.inputs.keys()]).toEqual(['a', 'b']);
    expect([...evolveTask(one, closed('a', 3)).inputs.keys()]).toEqual(['b']);
    expect(stateAt(4, fold(closed('a', 3), asked('a', 1), created)).status).toBe('working');
  });

  it('forgets what an attempt before had asked', () => {
    const task = fold(created, started(1, 0), asked('a', 1), started(2, 5), asked('b', 6));
    expect([...task.inputs.keys()]).toEqual(['b']);
  });

  it('fails when its call failed without an outcome, or has none long after its deadline', () => {
    expect(stateAt(6, fold(created, failed))).toMatchObject({ status: 'failed', error: { code: -1 } });
    expect(stateAt(9_000, fold(created, failed, completed)).status).toBe('completed');
    expect(stateAt(90_000, fold(created)).status).toBe('working');
    expect(stateAt(90_001, fold(created))).toMatchObject({ status: 'failed', error: { code: -32001 } });
  });

  it('knows when it last changed, and until when it can be asked for', () => {
    const task = fold(created, started(1, 10), asked('a', 5));
    expect(task.updatedAt).toBe(at(10));
    expect(taskExpiry(task)).toBe(T0 + 100_000);
    expect(evolveTask(task, recorded('session.closed', { sessionId: 's', reason: 'idle' }))).toBe(task);
  });
});
