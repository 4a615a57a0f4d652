export * from './instance-command.js';
export * from './load-band.js';
export * from './service-difference.js';
