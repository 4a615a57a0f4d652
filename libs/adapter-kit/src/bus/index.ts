export * from './backoff.js';
export * from './dead-letter.js';
export * from './fifo.js';
export * from './pending-request.js';
export * from './queue-spec.js';
export * from './settlement.js';
export * from './timer-wheel.js';
