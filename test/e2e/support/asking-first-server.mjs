// An MCP server of 2026-07-28 over stdio, by the official SDK, with one tool that asks for a name before it begins.
import { fromJsonSchema, inputRequired, inputResponse, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

const name = inputRequired.elicit({
  message: 'Your name?',
  requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
});

serveStdio(() => {
  const server = new McpServer({ name: 'asking-first', version: '1.0.0' });
  const inputSchema = fromJsonSchema({ type: 'object', properties: {} });
  server.registerTool('test_tool_with_task', { description: 'Asks first', inputSchema }, (_args, ctx) => {
    const given = inputResponse(ctx.mcpReq.inputResponses, 'user_name');
    if (given.kind !== 'elicit') return inputRequired({ inputRequests: { user_name: name } });
    return { content: [{ type: 'text', text: `Done for ${given.content?.name}` }] };
  });
  return server;
});
