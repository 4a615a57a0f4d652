import { describe, expect, it } from 'vitest';
import { DELIVERY_LIMIT, Topology } from './topology.js';

describe('Topology', () => {
  const topology = new Topology('p.');

  it('names everything below its prefix', () => {
    const names = [topology.events, topology.undeliverable, topology.deadLetters].map(({ name }) => name);
    expect(names).toEqual(['p.mcp-events', 'p.mcp-undeliverable', 'p.mcp.dead-letters']);
    expect(new Topology().events.name).toBe('mcp-events');
    expect(topology.logicalName(topology.queueName('work'))).toBe('work');
  });

  it('keeps work in quorum queues, bounded, with a way out for what nobody can handle', () => {
    expect(topology.queue({ name: 'work', maxLength: 7 })).toMatchObject({
      name: 'p.work',
      durable: true,
      exclusive: false,
      arguments: {
        'x-queue-type': 'quorum',
        'x-delivery-limit': DELIVERY_LIMIT,
        'x-dead-letter-exchange': 'p.mcp-undeliverable',
        'x-max-length': 7,
        'x-overflow': 'reject-publish',
      },
    });
  });

  it('keeps commands and what belongs to one instance in classic queues, bounded as well', () => {
    const bounds = { 'x-max-length': 10_000, 'x-overflow': 'reject-publish' };
    const transient = topology.queue({ name: 'commands', transient: true });
    expect(transient).toMatchObject({ durable: true, exclusive: false, autoDelete: false });
    expect(transient.arguments).toEqual(bounds);
    const exclusive = topology.queue({ name: 'inbox', exclusive: true });
    expect(exclusive).toMatchObject({ durable: false, exclusive: true, autoDelete: true });
    expect(exclusive.arguments).toEqual(bounds);
  });

  it('replicates commands where it is told to', () => {
    const transient = new Topology('', true).queue({ name: 'commands', transient: true });
    expect(transient.arguments).toMatchObject({ 'x-queue-type': 'quorum', 'x-delivery-limit': DELIVERY_LIMIT });
  });

  it('parks without an end to how often the letters may be read', () => {
    expect(topology.deadLetters.arguments).toMatchObject({ 'x-delivery-limit': -1, 'x-overflow': 'drop-head' });
  });
});
