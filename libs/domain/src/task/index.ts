export * from './task-support.js';
export * from './task-view.js';
