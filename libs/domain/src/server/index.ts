export * from './catalogue-parts.js';
export * from './catalogue.js';
export * from './server-view.js';
