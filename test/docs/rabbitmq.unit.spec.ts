import { BUS_LIMITS, Topology } from '@signalbox/adapter-rabbitmq';
import { describe, expect, it } from 'vitest';
import { expectDocument, readDocument, rowsOf, table, writtenIn } from './document.js';
import { number } from './settings.js';

const FILE = 'docs/rabbitmq.md';

/** What is declared comes from the one place that declares it. */
describe('docs/rabbitmq.md', () => {
  it('has exchanges, queues and limits as the adapter has them', async () => {
    const topology = new Topology();
    const exchanges = [topology.events, topology.undeliverable].map(({ name, type, purpose }) => [
      `\`${name}\``,
      `durable, ${type}`,
      purpose,
    ]);
    const queues = [
      topology.deadLetters,
      topology.queue({ name: '<work>' }),
      topology.queue({ name: '<commands>', transient: true }),
      topology.queue({ name: '<of an instance>', exclusive: true }),
    ].map(({ name, durable, exclusive, purpose, ...queue }) => [
      `\`${name}\``,
      [durable ? 'durable' : 'gone with the broker', ...(exclusive ? ['exclusive', 'auto-delete'] : [])].join(', '),
      Object.entries(queue.arguments)
        .map(([key, value]) => `\`${key}: ${value}\``)
        .join(', '),
      purpose,
    ]);
    const limits = Object.entries(BUS_LIMITS).map(([name, value]) => [
      `\`${name}\``,
      number(value),
      writtenIn(FILE, 'limits', `\`${name}\``, 2),
    ]);
    await expectDocument(
      FILE,
      new Map([
        ['exchanges', table(['exchange', 'kind', 'for'], exchanges)],
        ['queues', table(['queue', 'kind', 'arguments', 'for'], queues)],
        ['limits', table(['limit', 'default', 'at the bound'], limits)],
      ]),
    );
  });

  it('says of each limit what happens at the bound', () => {
    const silent = rowsOf(readDocument(FILE)).filter((row) => row.some((cell) => cell === ''));
    expect(silent.map(([name]) => name)).toEqual([]);
  });
});
