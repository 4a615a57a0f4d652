export { createServer } from './server.js';
export { SqlRunner } from './sql-runner.js';
