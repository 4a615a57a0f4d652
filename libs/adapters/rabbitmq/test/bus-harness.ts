import { exponentialBackoff } from '@signalbox/adapter-kit';
import { newId } from '@signalbox/contracts';
import type { MessageBusHarness } from '@signalbox/port-contracts';
import { connect } from 'amqplib';
import { RabbitMqBus, Topology } from '../src/index.js';

/** A place is a prefix of names at the broker; everything under it is deleted with it. */
export function busHarness(url: string): MessageBusHarness {
  const opened = new Map<string, RabbitMqBus[]>();
  return {
    newPlace: async () => uniquePrefix(),
    open: async (place, { backoffMs, publishTimeoutMs }) => {
      const backoff = exponentialBackoff({ baseMs: backoffMs });
      const bus = await RabbitMqBus.open({ url, instanceId: 'contract', prefix: place, backoff, publishTimeoutMs });
      opened.set(place, [...(opened.get(place) ?? []), bus]);
      return bus;
    },
    removePlace: async (place) => {
      const queues = (opened.get(place) ?? []).flatMap((bus) => bus.declaredQueues().map(({ name }) => name));
      opened.delete(place);
      await removeFromBroker(url, place, queues);
    },
  };
}

export function uniquePrefix(): string {
  return `test.${newId().toLowerCase()}.`;
}

/** Deletes queues by their full names, and the exchanges of a prefix. */
export async function removeFromBroker(url: string, prefix: string, queues: readonly string[]): Promise<void> {
  const model = await connect(url, { noDelay: true });
  const channel = await model.createChannel();
  const topology = new Topology(prefix);
  for (const queue of new Set([topology.deadLetters.name, ...queues])) await channel.deleteQueue(queue);
  for (const { name } of [topology.events, topology.undeliverable]) await channel.deleteExchange(name);
  await model.close();
}
