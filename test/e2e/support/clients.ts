import { Client as NewClient, StreamableHTTPClientTransport as NewTransport } from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import * as old from '@modelcontextprotocol/sdk/types.js';
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

type Params = Record<string, unknown>;
export interface ToolResult {
  readonly content: { type: string; text?: string }[];
  readonly structuredContent?: Record<string, any>;
  readonly isError?: boolean;
  readonly _meta?: Record<string, unknown>;
}

/** What the specs ask of a client, whoever made it. */
export interface TestClient {
  tools(): Promise<string[]>;
  call(
    name: string,
    args?: Params,
    options?: { onprogress?: (p: { progress: number }) => void; signal?: AbortSignal },
  ): Promise<ToolResult>;
  readResource(uri: string): Promise<string | undefined>;
  prompts(): Promise<string[]>;
  subscribe(uri: string): Promise<void>;
  /** Methods of the notifications that came, in order. */
  readonly heard: { method: string; params?: any }[];
  /** Ends the session and the connection. */
  close(): Promise<void>;
  /** Ends the connection only; what is pending is rejected. */
  abandon(): Promise<void>;
}

const capabilities = { sampling: {}, elicitation: {}, roots: { listChanged: true } };
const info = (name: string) => ({ name, version: '1.0.0' });
const sampled = {
  role: 'assistant' as const,
  model: 'test-model',
  content: { type: 'text' as const, text: 'sampled by the client' },
};
const elicited = { action: 'accept' as const, content: { username: 'ada', email: 'ada@example.org' } };
const roots = { roots: [{ uri: 'file:///workspace', name: 'workspace' }] };

/** `@modelcontextprotocol/client`, the SDK of today. */
export async function newSdkClient(url: string): Promise<TestClient> {
  const client = new NewClient(info('new-sdk'), { capabilities });
  const heard: TestClient['heard'][number][] = [];
  client.setRequestHandler('sampling/createMessage', () => Promise.resolve(sampled));
  client.setRequestHandler('elicitation/create', () => Promise.resolve(elicited));
  client.setRequestHandler('roots/list', () => Promise.resolve(roots));
  client.fallbackNotificationHandler = (notification) => Promise.resolve(void heard.push(notification as any));
  const transport = new NewTransport(new URL(url));
  await client.connect(transport);
  return {
    heard,
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    call: async (name, args = {}, options = {}) =>
      (await client.callTool({ name, arguments: args }, options)) as unknown as ToolResult,
    readResource: async (uri) =>
      (await client.readResource({ uri })).contents.map((c) => ('text' in c ? c.text : undefined))[0],
    prompts: async () => (await client.listPrompts()).prompts.map((prompt) => prompt.name),
    subscribe: async (uri) => void (await client.subscribeResource({ uri })),
    abandon: () => client.close(),
    close: async () => {
      await transport.terminateSession();
      await client.close();
    },
  };
}

/** The same SDK when it speaks 2026-07-28: without a session, each request for itself. */
export async function statelessSdkClient(url: string): Promise<TestClient> {
  const versionNegotiation = { mode: { pin: '2026-07-28' } };
  const client = new NewClient(info('stateless-sdk'), { capabilities, versionNegotiation });
  const heard: TestClient['heard'][number][] = [];
  const hear = (notification: unknown): void => void heard.push(notification as any);
  client.setRequestHandler('sampling/createMessage', () => Promise.resolve(sampled));
  client.setRequestHandler('elicitation/create', () => Promise.resolve(elicited));
  client.setRequestHandler('roots/list', () => Promise.resolve(roots));
  for (const method of ['notifications/message', 'notifications/resources/updated'] as const) {
    client.setNotificationHandler(method, hear);
  }
  client.fallbackNotificationHandler = (notification) => Promise.resolve(hear(notification));
  await client.connect(new NewTransport(new URL(url)));
  const _meta = { 'io.modelcontextprotocol/logLevel': 'debug' };
  const subscriptions: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    for (const subscription of subscriptions) await subscription.close();
    await client.close();
  };
  return {
    heard,
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    call: async (name, args = {}, options = {}) =>
      (await client.callTool({ name, arguments: args, _meta }, options)) as unknown as ToolResult,
    readResource: async (uri) =>
      (await client.readResource({ uri })).contents.map((c) => ('text' in c ? c.text : undefined))[0],
    prompts: async () => (await client.listPrompts()).prompts.map((prompt) => prompt.name),
    subscribe: async (uri) => void subscriptions.push(await client.listen({ resourceSubscriptions: [uri] })),
    abandon: () => client.close(),
    close,
  };
}

/** `@modelcontextprotocol/sdk` 1.x, which most clients in the field are built on. */
export async function oldSdkClient(url: string): Promise<TestClient> {
  const client = new OldClient(info('old-sdk'), { capabilities });
  const heard: TestClient['heard'][number][] = [];
  client.setRequestHandler(old.CreateMessageRequestSchema, () => sampled);
  client.setRequestHandler(old.ElicitRequestSchema, () => elicited);
  client.setRequestHandler(old.ListRootsRequestSchema, () => roots);
  client.fallbackNotificationHandler = (notification) => Promise.resolve(void heard.push(notification as any));
  const transport = new OldTransport(new URL(url));
  await client.connect(transport);
  return {
    heard,
    // this one reads one page at a time
    tools: async () => {
      const names: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await client.listTools(cursor === undefined ? undefined : { cursor });
        names.push(...page.tools.map((tool) => tool.name));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      return names;
    },
    call: async (name, args = {}, options = {}) =>
      (await client.callTool({ name, arguments: args }, undefined, options)) as unknown as ToolResult,
    readResource: async (uri) =>
      (await client.readResource({ uri })).contents.map((c) => ('text' in c ? c.text : undefined))[0],
    prompts: async () => (await client.listPrompts()).prompts.map((prompt) => prompt.name),
    subscribe: async (uri) => void (await client.subscribeResource({ uri })),
    abandon: () => client.close(),
    close: async () => {
      await transport.terminateSession();
      await client.close();
    },
  };
}

const INSPECTOR = resolve('node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js');

/** The inspector's command line; what it prints, parsed. */
export async function inspector(url: string, method: string, ...args: string[]): Promise<any> {
  const argv = [INSPECTOR, '--cli', url, '--transport', 'http', '--method', method, ...args];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { timeout: 30_000 });
  return JSON.parse(stdout);
}
