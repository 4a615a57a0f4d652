export * from './catalogue-parts.js';
export * from './catalogue.js';
export * from './dependencies.js';
export * from './health.js';
export * from './lifecycle-diagram.js';
export * from './lifecycle-plan.js';
export * from './lifecycle.js';
export * from './server-view.js';
