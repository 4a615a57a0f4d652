export { InProcessBus, type QueueStatistics } from './in-process-bus.js';
export type { InProcessBusOptions } from './options.js';
export { MemoryDeadLetters, type DeadLetterStore } from './dead-letters.js';
export { StoredDeadLetters } from './stored-dead-letters.js';
