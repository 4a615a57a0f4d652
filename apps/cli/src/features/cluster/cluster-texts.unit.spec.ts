import { expect, it } from 'vitest';
import { memberRows, resultOf, type InstanceCommand } from './cluster-texts.js';

const capacity = { maxConcurrentRequests: 10, currentLoad: 4 };
const load = { queued: 2, eventLoopLagMs: 3, memoryBytes: 5 * 2 ** 20, at: '2026-01-01T00:00:00.000Z', stale: false };
const member = { serviceName: 'x', status: 'UP', role: 'worker', capacity } as const;

it('shows who leads, and the load of each', () => {
  const instances = [
    { id: 'a', ...member, load },
    { id: 'b', ...member, load: { ...load, stale: true } },
    { id: 'c', ...member },
  ];
  expect(memberRows({ leader: { instanceId: 'a' }, instances })).toEqual([
    ['a', 'UP', 'worker, leads', '4/10', 2, '3 ms', '5 MiB', load.at],
    ['b', 'UP', 'worker', '4/10', 2, '3 ms', '5 MiB', `${load.at}, silent since`],
    ['c', 'UP', 'worker', '4/10', '', '', '', 'never'],
  ]);
});

it('says what came of a command', () => {
  const result = (rest: Partial<InstanceCommand>) => resultOf({ state: 'completed', ...rest } as InstanceCommand);
  expect(result({})).toBe('restarted');
  expect(result({ state: 'failed', reason: 'it is away' })).toBe('it is away');
  expect(result({ config: { changed: [], needsRestart: [], problems: [] } })).toBe('nothing has changed');
  const problems = [{ path: 'x', message: 'must be a number' }];
  expect(result({ config: { changed: ['a', 'b'], needsRestart: ['b'], problems } })).toBe(
    'changed: a, b; counts after a restart: b; wrong, and left as it was: x: must be a number',
  );
});
