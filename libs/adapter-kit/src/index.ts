export * from './bus/index.js';
export * from './commit-body.js';
export * from './event-query.js';
export * from './instance-query.js';
export * from './pending-append.js';
export * from './recent-commits.js';
export * from './topic-pattern.js';
export * from './listeners.js';
