import assert from 'node:assert/strict';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const portBase = Number(process.env.SIGNALBOX_PORT_BASE ?? 3000);
const client = new Client({ name: 'example', version: '1.0.0' });
await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${portBase}/mcp`)));

const { tools } = await client.listTools();
console.log(
  `${tools.length} tools, among them: ${tools
    .slice(0, 5)
    .map(({ name }) => name)
    .join(', ')}`,
);
assert(tools.some(({ name }) => name === 'everything__echo'));

const result = await client.callTool({ name: 'everything__echo', arguments: { message: 'points set' } });
assert.deepEqual(result.content, [{ type: 'text', text: 'Echo: points set' }]);

// every result carries the id under which the call is in the log
const callId = result._meta?.['io.signalbox/callId'];
assert.equal(typeof callId, 'string');
console.log(`answered; the call is ${callId}`);

await client.close();
