// One run of @modelcontextprotocol/client; what it heard as JSON on stdout. Usage: node client.mjs <url> <revision>
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const [, , url, revision] = process.argv;
const versionNegotiation = revision === '2026-07-28' ? { mode: { pin: revision } } : undefined;
const client = new Client(
  { name: 'typescript-v2', version: '1' },
  { ...(versionNegotiation && { versionNegotiation }) },
);
const transport = new StreamableHTTPClientTransport(new URL(url));
await client.connect(transport);
const progress = [];
const { tools } = await client.listTools();
const echo = await client.callTool({ name: 'everything__echo', arguments: { message: 'hello' } });
const long = await client.callTool(
  { name: 'everything__trigger-long-running-operation', arguments: { duration: 0.5, steps: 5 } },
  { onprogress: (p) => progress.push(p.progress) },
);
const resource = await client.readResource({ uri: 'demo://resource/dynamic/text/1' });
const prompt = await client.getPrompt({ name: 'everything__args-prompt', arguments: { city: 'Oslo' } });
const protocol = client.getNegotiatedProtocolVersion();
if (revision !== '2026-07-28') await transport.terminateSession();
await client.close();
console.log(
  JSON.stringify({
    protocol,
    tools: tools.map(({ name }) => name),
    echo: echo.content[0].text,
    progress,
    long: long.content[0].text,
    resource: resource.contents[0].text,
    prompt: prompt.messages[0].content.text,
  }),
);
