import { expect, it } from 'vitest';
import { eventLine } from './event-line.js';

it('is the time, the type and what says most, on one line', () => {
  const data = { who: 'ada', server: 'files', note: 'left out', why: 'two\nlines \u001b[2J', tool: null };
  expect(eventLine({ id: '1', type: 'server.commanded', time: '2026-01-01T00:00:00.000Z', data })).toBe(
    '2026-01-01T00:00:00.000Z  server.commanded          server=files who=ada why=two lines [2J',
  );
});

it('is no longer than it has to say', () => {
  expect(eventLine({ id: '1', type: 'x.y', time: 't' })).toBe('t  x.y');
});
