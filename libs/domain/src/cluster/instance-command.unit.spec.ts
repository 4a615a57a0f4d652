import type { EventData, EventType } from '@signalbox/contracts';
import { recorded } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { evolveCommand, nextStep, type InstanceCommandView } from './index.js';

const ids = { commandId: 'c', instanceId: 'tool-executor-1' };
const COMMANDED = {
  ...ids,
  serviceName: 'tool-executor',
  command: 'restart',
  who: 'ada',
  deadline: '2026-01-01T00:01:00.000Z',
} as const;
const LATE = Date.parse(COMMANDED.deadline);
const EARLY = LATE - 1;

function after(...events: { [T in EventType]: [T, EventData<T>] }[EventType][]): InstanceCommandView {
  let view: InstanceCommandView | undefined;
  for (const [type, data] of events) view = evolveCommand(view, recorded(type, data as never));
  return view!;
}

const requested = after(['instance.commanded', COMMANDED]);
const accepted = after(['instance.commanded', COMMANDED], ['instance.command.accepted', { ...ids, run: 'r1' }]);

describe('what a leader does for a command', () => {
  it.each([
    ['sends it until the deadline', requested, EARLY, undefined, { step: 'send' }],
    ['gives up then', requested, LATE, undefined, { step: 'fail', reason: expect.stringContaining('is away') }],
    ['waits for a restart', accepted, EARLY, 'r1', { step: 'wait' }],
    ['sees a restart by the new run', accepted, LATE, 'r2', { step: 'complete', run: 'r2' }],
    [
      'gives a restart up',
      accepted,
      LATE,
      'r1',
      { step: 'fail', reason: expect.stringContaining('has not come back') },
    ],
    [
      'ends what a run left undone',
      { ...accepted, command: 'update-config' as const },
      EARLY,
      'r2',
      { step: 'fail', reason: expect.stringContaining('was restarted') },
    ],
  ])('%s', (_, view, now, run, step) => {
    expect(nextStep(view, now, run)).toEqual(step);
  });
});

it('has one end, whatever is told later', () => {
  const failed = after(
    ['instance.commanded', COMMANDED],
    ['instance.command.failed', { ...ids, reason: 'away' }],
    ['instance.command.completed', { ...ids, run: 'r2' }],
  );
  expect(failed).toMatchObject({ state: 'failed', reason: 'away' });
  expect(failed).not.toHaveProperty('run');
});
