export * from './jsonrpc.js';
export * from './revisions.js';
export * from './names.js';
export * from './sse.js';
export * from './initialize.js';
export * from './client/errors.js';
export * from './client/upstream.js';
export { connectUpstream } from './client/connect.js';
export * from './server/index.js';
