export * from './instance-command.js';
export * from './load-band.js';
