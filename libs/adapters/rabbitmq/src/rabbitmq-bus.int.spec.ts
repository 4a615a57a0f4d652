import { messageBusContract } from '@signalbox/port-contracts';
import { describeWithServers } from '@signalbox/testing';
import { busHarness } from '../test/bus-harness.js';

describeWithServers(['AMQP_URL'], 'with RabbitMQ', (url) =>
  messageBusContract('RabbitMqBus', busHarness(url!), {
    sharedBetweenConnections: true,
    persistentDeadLetters: true,
    lengthMargin: 1,
  }),
);
