export * from './api.js';
export * from './entry.js';
export * from './load.js';
export * from './chain.js';
export * from './method-pattern.js';
export { logging } from './built-in/log.js';
export { transform } from './built-in/transform.js';
