export { RabbitMqBus } from './rabbitmq-bus.js';
export { BUS_LIMITS, type RabbitMqBusOptions } from './options.js';
export {
  DELIVERY_LIMIT,
  MAX_DEAD_LETTER_BYTES,
  MAX_DEAD_LETTERS,
  QueueMismatchError,
  Topology,
  type ExchangeDeclaration,
  type QueueDeclaration,
} from './topology.js';
