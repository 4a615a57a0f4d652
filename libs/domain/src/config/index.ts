export * from './plan-rollback.js';
export * from './same-value.js';
