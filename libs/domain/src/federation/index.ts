export * from './exports.js';
export * from './hops.js';
export * from './ways.js';
