import { expect, it } from 'vitest';
import { checkLines } from './config-check.js';
import { differenceLines, valueRows } from './config-texts.js';

it('shows differences by path', () => {
  expect(
    differenceLines([
      { op: 'add', path: 'a', after: { x: 1 } },
      { op: 'remove', path: 'b', before: 2 },
      { op: 'replace', path: 'c', before: false, after: 0 },
    ]),
  ).toEqual(['+ a {"x":1}', '- b 2', '~ c false → 0']);
});

it('says where a value comes from, and what it waits for', () => {
  expect(
    valueRows([
      { path: 'a', value: 1, source: 'built-in' },
      { path: 'b', value: 'x', source: 'file', where: '/etc/s.json', needsRestart: true },
    ]),
  ).toEqual([
    ['a', '1', 'built-in', ''],
    ['b', 'x', 'file /etc/s.json', 'restart'],
  ]);
});

it('says what is wrong, and whether it would start', () => {
  const problems = [{ path: 'mcpServers.a', message: 'needs a command' }];
  expect(checkLines({ problems, isFatal: false, servers: [] }, 's.json')).toEqual([
    's.json: one thing is wrong',
    'mcpServers.a: needs a command',
    'Signalbox would start, without these.',
  ]);
  expect(checkLines({ problems: [], isFatal: false, servers: [] }, undefined)).toEqual([
    "the program's own configuration: nothing is wrong; servers: none",
  ]);
});
