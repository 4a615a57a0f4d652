export { AllowList } from './address-guard.js';
export { createServer } from './server.js';
