import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { newId, type ExecutePart, type UpstreamAuth, type UpstreamDefinition } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import type { PoolView } from '../src/features/pools/pools.controller.js';
import { definition, Harness } from './harness.js';

/** One run of a client scenario of the conformance suite, as the suite describes it. */
export interface Scenario {
  readonly scenario: string;
  readonly serverUrl: string;
  readonly context: Readonly<Record<string, unknown>>;
}

type Item = Readonly<Record<string, unknown>>;
type Schema = { readonly properties?: Readonly<Record<string, { readonly default?: unknown }>> };

const WAIT = { timeoutMs: 100_000, intervalMs: 50 };
/** Servers of the suite that know their own methods only, not `server/discover`. */
const UNDISCOVERABLE = /^(http-|sep-2322)/;
const CLIENT = { sessionId: 's', protocolVersion: '2025-11-25', capabilities: { elicitation: {} } };

/** Plays scenarios with an executor as the client that the suite examines, and a human who says yes to everything. */
export class ConformanceClient {
  readonly #server = createServer((request, response) => {
    this.#play(request).then(
      (text) => response.end(text),
      (error: Error) => response.writeHead(500).end(String(error.stack)),
    );
  });

  /** @returns the command that the suite is to start */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const script = fileURLToPath(new URL('conformance-command.mjs', import.meta.url));
    return `${process.execPath} ${script} ${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #play(request: IncomingMessage): Promise<string> {
    let body = '';
    for await (const chunk of request) body += chunk as string;
    const scenario = JSON.parse(body) as Scenario;
    const executor = await Harness.start([definitionOf(scenario)]);
    const answering = answerPushes(executor);
    try {
      await this.#untilRunning(executor);
      await useEverything(executor, scenario);
      return 'played';
    } finally {
      clearInterval(answering);
      await executor.stop();
    }
  }

  async #untilRunning(executor: Harness): Promise<void> {
    const asked = new Set<string>();
    let refusal: string | undefined;
    await waitFor(
      async () => {
        if (refusal !== undefined) return true;
        const { pools } = (await (await fetch(`${executor.service.url}/pools`)).json()) as { pools: PoolView[] };
        const { state, lastError } = pools[0]!;
        if (state === 'running') return true;
        const start = /open (\S+)$/.exec(lastError ?? '')?.[1];
        if (start !== undefined && !asked.has(start)) {
          asked.add(start);
          refusal = await sayYes(start);
        } else if (start === undefined && state === 'failed') refusal = lastError;
        return refusal !== undefined;
      },
      { ...WAIT, what: 'the server of the scenario runs' },
    );
    if (refusal !== undefined) throw new Error(refusal);
  }
}

function definitionOf({ scenario, serverUrl, context }: Scenario): UpstreamDefinition {
  const auth = scenario.startsWith('auth/') ? authOf(context) : undefined;
  const target = { kind: 'http' as const, url: serverUrl, headers: {}, ...(auth ? { auth } : {}) };
  return definition('s', target, UNDISCOVERABLE.test(scenario) ? { era: 'modern' } : {});
}

function authOf(context: Scenario['context']): UpstreamAuth {
  const {
    client_id: clientId,
    client_secret: clientSecret,
    private_key_pem: privateKey,
    name,
  } = context as Record<string, string>;
  if (privateKey !== undefined) {
    const algorithm = (context['signing_algorithm'] ?? 'ES256') as 'ES256';
    return { type: 'client_credentials', clientId: clientId!, privateKey, algorithm };
  }
  if (name?.startsWith('auth/client-credentials') === true) {
    return { type: 'client_credentials', clientId: clientId!, clientSecret: clientSecret! };
  }
  if (clientId !== undefined) return { type: 'authorization_code', clientId, clientSecret: clientSecret! };
  return { type: 'authorization_code', clientMetadataUrl: 'https://conformance-test.local/client-metadata.json' };
}

/** Answers what a server asks outside of any call. */
function answerPushes(executor: Harness): NodeJS.Timeout {
  return setInterval(() => {
    for (const { request, params } of executor.pushes.splice(0)) {
      if (!request) continue;
      const { inbox, ...ids } = request;
      void executor.answer(inbox, { kind: 'response', ...ids, result: accept(params) });
    }
  }, 20);
}

/** Accepts a form as it is filled in already. */
function accept(params: unknown): object {
  const { requestedSchema } = (params ?? {}) as { requestedSchema?: Schema };
  const fields = Object.entries(requestedSchema?.properties ?? {}).filter(
    ([, { default: value }]) => value !== undefined,
  );
  const content = Object.fromEntries(fields.map(([field, schema]) => [field, schema.default]));
  return { action: 'accept', content: fields.length === 0 ? { confirmed: true } : content };
}

/** What a browser does. @returns why it did not work, if so */
async function sayYes(start: string): Promise<string | undefined> {
  const authorization = (await fetch(start, { redirect: 'manual' })).headers.get('location');
  if (authorization === null) return `no address of an authorization server at ${start}`;
  const callback = (await fetch(authorization, { redirect: 'manual' })).headers.get('location');
  if (callback === null) return `no way back from ${authorization}`;
  const answer = await fetch(callback);
  return answer.ok ? undefined : await answer.text();
}

/** Uses all that the server has, as a client with a human would. */
async function useEverything(executor: Harness, { scenario, context }: Scenario): Promise<void> {
  const { tools, prompts, resources } = await catalogue(executor);
  const calls = (context['toolCalls'] ??
    tools.map((tool) => ({ name: tool['name'], arguments: argumentsFor(tool, tools) }))) as {
    name: string;
    arguments: object;
  }[];
  // the suite takes any stream that is opened after the call for the one that is taken up again: ours are open by then
  for (let turns = 0; turns < 20; turns++) await executor.request('s', 'tools/list', {}, CLIENT);
  for (const { name, arguments: args } of calls) {
    let reply = await call(executor, name, args);
    // once more, for whom the call needs a token that the first did not
    const start = reply.ok ? undefined : /open (\S+)$/.exec(reply.error.message)?.[1];
    if (start !== undefined) {
      const refusal = await sayYes(start);
      if (refusal !== undefined) throw new Error(refusal);
      reply = await call(executor, name, args);
    }
    if (!reply.ok && scenario.startsWith('auth/')) throw new Error(reply.error.message);
  }
  for (const { uri } of resources) await executor.request('s', 'resources/read', { uri }, CLIENT);
  for (const { name } of prompts) await executor.request('s', 'prompts/get', { name, arguments: {} }, CLIENT);
}

function argumentsFor(tool: Item, tools: readonly Item[]): object {
  switch (tool['name']) {
    case 'add_numbers':
      return { a: 5, b: 3 };
    case 'json_schema_echo':
      return { schema: tools.find(({ name }) => name === 'json_schema_2020_12_tool')?.['inputSchema'] };
    case 'valid_tool':
      return { region: 'us-west1' };
    default:
      return {};
  }
}

function call(executor: Harness, name: string, args: object) {
  const callId = newId();
  const onPart = (part: ExecutePart) => {
    if (part.kind !== 'request') return;
    const result = accept(part.params);
    void executor.answer(part.inbox, { kind: 'response', requestId: callId, id: part.id, result });
  };
  return executor.call('s', name, args, { callId, client: CLIENT, deadlineMs: 60_000, onPart });
}

async function catalogue(executor: Harness): Promise<Record<'tools' | 'prompts' | 'resources', readonly Item[]>> {
  const events = await executor.events({ type: 'catalogue.changed' });
  const none = { tools: [], prompts: [], resources: [] };
  return { ...none, ...(events.at(-1)?.data as object | undefined) };
}
