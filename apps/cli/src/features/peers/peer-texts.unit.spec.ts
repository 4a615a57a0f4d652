import { expect, it } from 'vitest';
import { PEER_COLUMNS, peerRows } from './peer-texts.js';

it('has a line for each peer, and says why one is not there', () => {
  const shares = { servers: ['fs', 'sql'], tools: 12 };
  const connected = { name: 'east', state: 'connected', suite: 'S', lastContact: 'T', shares };
  const lost = { name: 'north', state: 'waiting', reason: 'first\nsecond', shares: { servers: [], tools: 0 } };
  const rows = peerRows([connected, lost]);
  expect(rows[0]).toEqual(['east', 'connected', 'S', 'T', 12, 'fs,sql', '']);
  expect(rows[1]!.at(-1)).not.toContain('\n');
  expect(rows[1]!.at(-1)).toContain('second');
  expect(rows[1]).toHaveLength(PEER_COLUMNS.length);
});
