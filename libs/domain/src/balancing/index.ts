export * from './breaker.js';
export * from './outliers.js';
export * from './policy.js';
export * from './rendezvous.js';
export * from './latencies.js';
