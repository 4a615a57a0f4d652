export * from './plan.js';
export * from './server-name.js';
export * from './target-key.js';
