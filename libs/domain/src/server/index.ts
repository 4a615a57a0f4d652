export * from './catalogue-parts.js';
export * from './catalogue.js';
export * from './dependencies.js';
export * from './server-view.js';
