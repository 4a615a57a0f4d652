export * from './decider.js';
export * from './refusal.js';
