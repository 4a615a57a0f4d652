import type { UpstreamConnection } from '@signalbox/mcp';
import { describe, expect, it } from 'vitest';
import { ReverseRequests } from './reverse-requests.js';

function connection() {
  const answers: unknown[] = [];
  const respond = (id: unknown, outcome: unknown) => answers.push([id, outcome]);
  return { answers, connection: { respond } as unknown as UpstreamConnection };
}

describe('ReverseRequests', () => {
  it('bring an answer back under the id that the server chose, once', () => {
    const [a, b] = [connection(), connection()];
    const reverse = new ReverseRequests();
    const ids = [a, b].map(({ connection }) => reverse.open(connection, 1, 'call', 10, { method: 'ping' })!);
    expect(ids[0]).not.toBe(ids[1]);
    expect(reverse.answer(ids[1]!, { result: 'x' })).toBe(true);
    expect(reverse.answer(ids[1]!, { result: 'y' })).toBe(false);
    expect(a.answers).toEqual([]);
    expect(b.answers).toEqual([[1, { result: 'x' }]]);
  });

  it('refuse what goes beyond the bound of one owner, and what its owner leaves open', () => {
    const { connection: server, answers } = connection();
    const reverse = new ReverseRequests();
    reverse.open(server, 'one', 'call', 1, { method: 'ping' });
    expect(reverse.open(server, 'two', 'call', 1, { method: 'ping' })).toBeUndefined();
    expect(reverse.open(server, 'three', 'other', 1, { method: 'ping' })).toBeDefined();
    reverse.closeOwner('call');
    expect(answers).toMatchObject([
      ['two', { error: { code: -32603 } }],
      ['one', { error: { code: -32000 } }],
    ]);
  });

  it('are withdrawn by the server that made them', () => {
    const [a, b] = [connection(), connection()];
    const reverse = new ReverseRequests();
    const id = reverse.open(a.connection, 1, 'call', 10, { method: 'ping' });
    expect(reverse.withdraw(b.connection, 1, 'call')).toBeUndefined();
    expect(reverse.withdraw(a.connection, 1, 'call')).toBe(id);
    expect(reverse.answer(id!, { result: 'late' })).toBe(false);
    expect(a.answers).toEqual([]);
  });
});
