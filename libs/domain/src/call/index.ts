export * from './attempt.js';
export * from './call-answer.js';
export * from './call-view.js';
export * from './safety.js';
export * from './safety-class.js';
