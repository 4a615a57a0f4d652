export { EmbeddedDirectory, type EmbeddedDirectoryOptions } from './embedded-directory.js';
export type { HealthCheckOptions } from './health-checker.js';
