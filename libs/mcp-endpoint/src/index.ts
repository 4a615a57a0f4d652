export * from './limits.js';
export * from './mcp-endpoint.js';
export * from './resource-provider.js';
