export * from './deliveries.js';
export * from './news.js';
export * from './quiet.js';
export * from './rules.js';
export * from './topics.js';
