// One run of @modelcontextprotocol/sdk 1.x; what it heard as JSON on stdout. Usage: node client.mjs <url>
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const client = new Client({ name: 'typescript-v1', version: '1' });
const transport = new StreamableHTTPClientTransport(new URL(process.argv[2]));
await client.connect(transport);
const progress = [];
const { tools } = await client.listTools();
const echo = await client.callTool({ name: 'everything__echo', arguments: { message: 'hello' } });
const long = await client.callTool(
  { name: 'everything__trigger-long-running-operation', arguments: { duration: 0.5, steps: 5 } },
  undefined,
  { onprogress: (p) => progress.push(p.progress) },
);
const resource = await client.readResource({ uri: 'demo://resource/dynamic/text/1' });
const prompt = await client.getPrompt({ name: 'everything__args-prompt', arguments: { city: 'Oslo' } });
await transport.terminateSession();
await client.close();
console.log(
  JSON.stringify({
    protocol: transport.protocolVersion,
    tools: tools.map(({ name }) => name),
    echo: echo.content[0].text,
    progress,
    long: long.content[0].text,
    resource: resource.contents[0].text,
    prompt: prompt.messages[0].content.text,
  }),
);
