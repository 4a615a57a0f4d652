import type { RpcReply } from './gateway-under-test.js';

export const REVISION = '2026-07-28';

export interface StatelessClientOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly capabilities?: object;
  readonly meta?: object;
}

export interface StatelessRequestOptions {
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly meta?: object;
  readonly signal?: AbortSignal;
}

type Params = Readonly<Record<string, unknown>>;

const NAMED: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

/** A client of MCP 2026-07-28 that speaks the wire by hand. */
export class StatelessWireClient {
  #nextId = 1;

  constructor(
    readonly url: string,
    readonly options: StatelessClientOptions = {},
  ) {}

  /** The response to a request, whichever way it came, and what came before it on its stream. */
  async request(
    method: string,
    params: Params = {},
    options: StatelessRequestOptions = {},
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into messages of every form
  ): Promise<RpcReply & { readonly messages: any[] }> {
    const response = await this.send(method, params, options);
    const { status, headers } = response;
    const text = await response.text();
    if (headers.get('content-type') !== 'text/event-stream') {
      return { status, headers, body: text ? JSON.parse(text) : undefined, messages: [] };
    }
    const messages = dataOf(text);
    return { status, headers, body: messages.at(-1), messages: messages.slice(0, -1) };
  }

  send(method: string, params: Params = {}, options: StatelessRequestOptions = {}): Promise<Response> {
    const { capabilities = {}, meta } = this.options;
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': REVISION,
      'io.modelcontextprotocol/clientInfo': { name: 'wire', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': capabilities,
      ...meta,
      ...(params['_meta'] as object | undefined),
      ...options.meta,
    };
    const source = NAMED[method];
    const name = source && params[source];
    const headers: Record<string, string | undefined> = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': REVISION,
      'mcp-method': method,
      ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
      ...this.options.headers,
      ...options.headers,
    };
    const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return fetch(this.url, {
      method: 'POST',
      headers: given,
      body: JSON.stringify({ jsonrpc: '2.0', id: this.#nextId++, method, params: { ...params, _meta } }),
      signal: options.signal ?? null,
    });
  }
}

/** The JSON of the events of a stream. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into messages of every form
export function dataOf(text: string): any[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice(6)) as unknown);
}
