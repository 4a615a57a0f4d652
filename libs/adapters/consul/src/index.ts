export { ConsulError } from './api/consul-error.js';
export type { ConsulOptions } from './api/options.js';
export * from './directory/consul-directory.js';
export * from './leader-lock/consul-leader-lock.js';
export * from './config/consul-config-source.js';
