import { createRequire } from 'node:module';
import { Client as NewClient, StreamableHTTPClientTransport as NewTransport } from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import { upstreamSettingsSchema, type UpstreamDefinition } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { start as startExecutor } from '@signalbox/tool-executor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningService } from '@signalbox/nest-kit';
import { contextOf, startGateway, type GatewayUnderTest } from '../../../test/gateway-under-test.js';

const everything: UpstreamDefinition = {
  name: 'everything',
  target: {
    kind: 'stdio',
    command: process.execPath,
    args: [createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/dist/index.js'), 'stdio'],
    env: {},
  },
  settings: upstreamSettingsSchema.parse({}),
  source: 'test',
};
let gateway: GatewayUnderTest;
let executor: RunningService;

beforeAll(async () => {
  const ports = await createEmbeddedPorts({ dataDir: ':memory:' });
  gateway = await startGateway({ ports, servers: [everything] });
  executor = await startExecutor({
    ...contextOf(ports, { servers: [everything] }),
    service: 'tool-executor',
    instanceId: 'tool-executor-1',
  });
  const { url } = gateway;
  await waitFor(async () => ((await (await fetch(`${url}/tools`)).json()) as { tools: unknown[] }).tools.length > 0, {
    timeoutMs: 15_000,
  });
});
afterAll(async () => {
  await executor.stop();
  await gateway.stop();
});

const endpoint = (): URL => new URL(`${gateway.url}/mcp`);
const about = { name: 'spec', version: '1' };

const clients = {
  '@modelcontextprotocol/client': async () => {
    const client = new NewClient(about, { capabilities: {} });
    await client.connect(new NewTransport(endpoint()));
    return client;
  },
  '@modelcontextprotocol/sdk': async () => {
    const client = new OldClient(about, { capabilities: {} });
    await client.connect(new OldTransport(endpoint()));
    return client;
  },
};

describe.each(Object.entries(clients))('%s', (_name, connect) => {
  it('lists, calls, reads and gets', async () => {
    const client = await connect();
    try {
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toContain('everything__echo');
      const called = await client.callTool({ name: 'everything__echo', arguments: { message: 'hello' } });
      expect(JSON.stringify(called)).toContain('hello');
      const { resources } = await client.listResources();
      const read = await client.readResource({ uri: resources[0]!.uri });
      expect(read.contents).toHaveLength(1);
      const { prompts } = await client.listPrompts();
      const simple = prompts.find(({ name }) => name.includes('simple'))!;
      expect((await client.getPrompt({ name: simple.name })).messages.length).toBeGreaterThan(0);
      await expect(client.callTool({ name: 'everything__ecko', arguments: {} })).rejects.toThrow('everything__echo');
    } finally {
      await client.close();
    }
  });

  it('hears progress', async () => {
    const client = await connect();
    try {
      const seen: number[] = [];
      const { tools } = await client.listTools();
      const { name } = tools.find((tool) => /long-?running/i.test(tool.name))!;
      const params = { name, arguments: { duration: 1, steps: 4 } };
      const onprogress = ({ progress }: { progress: number }): void => void seen.push(progress);
      // the older client takes a result schema as its second argument
      await (client instanceof OldClient
        ? client.callTool(params, undefined, { onprogress })
        : client.callTool(params, { onprogress }));
      expect(seen.length).toBeGreaterThanOrEqual(3);
    } finally {
      await client.close();
    }
  });
});

it('every call has its request, its start and its outcome in the log', async () => {
  const byCall = Map.groupBy(
    await gateway.events('tool.call.requested', 'tool.call.started', 'tool.call.completed'),
    ({ correlationId }) => correlationId,
  );
  expect(byCall.size).toBeGreaterThan(0);
  for (const events of byCall.values()) expect(events).toHaveLength(3);
});
