import type { Commit, CommitBody } from '@signalbox/ports';
import { describe, expect, it } from 'vitest';
import { decodeCommit } from './decode-commit.js';

const shared = {
  stream: 'session-gateway-1-01',
  firstVersion: 3,
  commitId: 'c1',
  time: '2026-01-01T00:00:00.000Z',
  actor: 'gateway-1',
  correlationId: 'k',
  traceparent: 't',
};
const events = ['a', 'b'].map((sessionId) => ({
  id: `id-${sessionId}`,
  type: 'session.closed',
  schemaVersion: 1,
  data: { sessionId, reason: 'idle' },
}));
const body = JSON.stringify({ ...shared, events } satisfies CommitBody);
const commit: Commit = {
  ...shared,
  partition: 'gateway-1',
  position: 9,
  lastVersion: 4,
  types: ['session.closed'],
  body,
  previousHash: '',
  hash: '',
};

describe('decodeCommit', () => {
  it('gives each event its place in the log', () => {
    const { stream, time, actor, correlationId, traceparent } = shared;
    const common = { stream, time, actor, correlationId, traceparent, partition: 'gateway-1', position: 9 };
    expect(decodeCommit(commit)).toEqual([
      { ...events[0], ...common, streamVersion: 3, index: 0 },
      { ...events[1], ...common, streamVersion: 4, index: 1 },
    ]);
  });

  it('takes what the store has parsed already', () => {
    const parsed = JSON.parse(body) as CommitBody;
    const [event] = decodeCommit({ ...commit, body: 'not read', parsed });
    expect(event!.data).toBe(parsed.events[0]!.data);
  });

  it('fails for a damaged body', () => {
    expect(() => decodeCommit({ ...commit, body: body.slice(1) })).toThrow(SyntaxError);
  });
});
