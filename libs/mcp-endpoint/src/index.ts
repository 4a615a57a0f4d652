export * from './limits.js';
export * from './mcp-endpoint.js';
export * from './resource-provider.js';
export * from './tool-provider.js';
export type { CallToolResult, Tool } from '@modelcontextprotocol/server';
