#!/usr/bin/env node
// An MCP server whose tool uses two services of Signalbox itself: it asks the registry which services are up, and keeps the
// answer as a document of the resource-service. It hands on the trace context of its call (`_meta.traceparent`), as any tool can,
// so that one trace shows the call in all five services. docs/telemetry.md has its entry for the configuration file.
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import * as z from 'zod';

const { REGISTRY_URL = 'http://127.0.0.1:3001', RESOURCES_URL = 'http://127.0.0.1:3003' } = process.env;

async function ask(url, traceparent, body) {
  const headers = { 'content-type': 'application/json', ...(traceparent === undefined ? {} : { traceparent }) };
  const options = body === undefined ? {} : { method: 'PUT', body: JSON.stringify(body) };
  const response = await fetch(url, { ...options, headers, signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

function createServer() {
  const server = new McpServer({ name: 'traced-tool', version: '1.0.0' });
  server.registerTool(
    'note_services',
    {
      description: 'Notes which services of Signalbox are up, in the document resource://reports/<id>.',
      inputSchema: z.object({ id: z.string().regex(/^[a-z0-9-]{1,64}$/) }),
    },
    async ({ id }, { mcpReq }) => {
      const traceparent = mcpReq._meta?.traceparent;
      const { data } = await ask(`${REGISTRY_URL}/services`, traceparent);
      const names = [...new Set(data.map(({ serviceName }) => serviceName))].sort();
      await ask(`${RESOURCES_URL}/resources/reports/${id}`, traceparent, { id, services: names });
      return { content: [{ type: 'text', text: names.join(', ') }] };
    },
  );
  return server;
}

serveStdio(createServer, { onerror: (error) => console.error(error) });
