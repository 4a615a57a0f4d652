import { describe, expect, it } from 'vitest';
import { newId, partitionOf, pinnedStream } from './ids.js';

describe('newId', () => {
  it('makes ULIDs that sort by the time they were made', () => {
    const ids = Array.from({ length: 1000 }, () => newId());
    expect(ids.every((id) => /^[0-9A-HJKMNP-TV-Z]{26}$/.test(id))).toBe(true);
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(1000);
  });
});

describe('partitionOf', () => {
  it.each([
    ['call', 'gateway-1', newId()],
    ['attempt', 'tool-executor-12', `${newId()}.2`],
    ['session', 'g', newId()],
  ] as const)('finds the partition in the id of a pinned %s stream', (kind, partition, key) => {
    expect(partitionOf(pinnedStream(kind, partition, key), 4)).toBe(partition);
  });

  // the expected values come from another implementation of FNV-1a
  it.each([
    ['upstream-files', 'entity-2'],
    ['resource-notes-n1', 'entity-1'],
    ['call', 'entity-1'],
    ['call-x', 'entity-0'],
    ['caller-gateway-1-x', 'entity-2'],
    ['', 'entity-1'],
  ])('hashes %j to the same entity partition for ever', (stream, partition) => {
    expect(partitionOf(stream, 4)).toBe(partition);
  });

  it('spreads streams evenly', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 4000; i++) {
      const partition = partitionOf(`resource-notes-${i}`, 4);
      counts.set(partition, (counts.get(partition) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(['entity-0', 'entity-1', 'entity-2', 'entity-3']);
    for (const count of counts.values()) expect(count).toBeGreaterThan(800);
  });
});
