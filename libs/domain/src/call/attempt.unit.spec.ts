import { createEvent, type EventData } from '@signalbox/contracts';
import { given } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { attemptDecider, type AttemptCommand, type AttemptEvent } from './attempt.js';

const of = { callId: '01K8', attempt: 1 };
const start = { ...of, server: 'files', tool: 'read', executor: 'tool-executor-1', waitedMs: 1.5 };
const error = { code: -32000, message: 'disk full' };

const started = createEvent('tool.call.started', start);
const progressed = createEvent('tool.call.progressed', { ...of, progress: 1, total: 2, message: 'half' });

const endings = [
  [{ kind: 'complete', ...of, result: { content: [] }, isError: false, durationMs: 5 }, 'tool.call.completed'],
  [{ kind: 'fail', ...of, error, retryable: true, durationMs: 5 }, 'tool.call.failed'],
  [{ kind: 'cancel', ...of, reason: 'no longer needed', durationMs: 5 }, 'tool.call.cancelled'],
  [{ kind: 'expire', ...of, deadline: '2026-01-01T00:00:00.000Z', durationMs: 5 }, 'tool.call.expired'],
  [{ kind: 'lose', ...of, reason: 'the executor is gone', durationMs: 5 }, 'tool.call.outcome_unknown'],
] as const satisfies readonly (readonly [AttemptCommand, AttemptEvent['type']])[];

const dataOf = ({ kind: _kind, ...data }: AttemptCommand): unknown => data;
const eventOf = (command: AttemptCommand, type: AttemptEvent['type']): AttemptEvent =>
  createEvent(type, dataOf(command) as EventData<typeof type>) as AttemptEvent;

const outcomes = endings.map(([command, type]) => eventOf(command, type));

describe('a new attempt', () => {
  it('starts', () => {
    given(attemptDecider)
      .when({ kind: 'start', ...start })
      .then([started]);
  });

  it.each(endings.filter(([{ kind }]) => kind === 'fail' || kind === 'cancel' || kind === 'expire'))(
    'may end before anything was sent: $kind',
    (command, type) => {
      given(attemptDecider)
        .when(command)
        .then([{ type, data: dataOf(command) }]);
      given(attemptDecider).when(command).thenState({ phase: 'ended', started: false });
    },
  );

  it.each(endings.filter(([{ kind }]) => kind === 'complete' || kind === 'lose'))(
    'cannot end as if something had been sent: $kind',
    (command) => {
      given(attemptDecider).when(command).thenThrows({ code: 'not-started' });
    },
  );

  it('makes no progress', () => {
    given(attemptDecider)
      .when({ kind: 'progress', ...of, progress: 1 })
      .thenThrows({ code: 'not-started' });
  });
});

describe('a running attempt', () => {
  it('does not start again', () => {
    given(attemptDecider, [started])
      .when({ kind: 'start', ...start })
      .thenThrows({ code: 'already-started' });
  });

  it('makes progress, any number of times', () => {
    given(attemptDecider, [started, progressed])
      .when({ kind: 'progress', ...of, progress: 2 })
      .then([{ type: 'tool.call.progressed', data: { ...of, progress: 2 } }]);
  });

  it('runs on when it made progress', () => {
    given(attemptDecider, [started, progressed]).hasState({ phase: 'running' });
  });

  it.each(endings)('ends: $kind', (command, type) => {
    given(attemptDecider, [started, progressed])
      .when(command)
      .then([{ type, data: dataOf(command) }]);
    given(attemptDecider, [started]).when(command).thenState({ phase: 'ended', started: true });
  });

  it.each([{ callId: 'other' }, { attempt: 2 }])('refuses what belongs to another attempt: %o', (other) => {
    given(attemptDecider, [started])
      .when({ kind: 'progress', ...of, ...other, progress: 1 })
      .thenThrows({ code: 'wrong-attempt', message: expect.stringContaining('attempt 1 of call 01K8') });
  });
});

describe.each(outcomes.map((outcome) => [outcome.type, outcome] as const))('after %s', (type, outcome) => {
  const history = [started, outcome];

  it.each(endings)('there is no second outcome: $kind', (command) => {
    given(attemptDecider, history)
      .when(command)
      .thenThrows({ code: 'already-ended', message: expect.stringContaining(type.slice('tool.call.'.length)) });
  });

  it('there is no progress', () => {
    given(attemptDecider, history)
      .when({ kind: 'progress', ...of, progress: 1 })
      .thenThrows({ code: 'already-ended' });
  });

  it('there is no start', () => {
    given(attemptDecider, history)
      .when({ kind: 'start', ...start })
      .thenThrows({ code: 'already-ended' });
  });
});
