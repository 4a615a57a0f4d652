import { setTimeout as delay } from 'node:timers/promises';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

/** Between two requests of one caller: the product is to be killed under load, not the machine. */
const PAUSE_MS = 25;
const REQUEST_TIMEOUT_MS = 30_000;
const CALL_ID = 'io.signalbox/callId';

export interface LoadOptions {
  readonly gateway: string;
  readonly token?: string;
  /** Each is called over and over by two callers over REST; the arguments are made from a running number. */
  readonly rest: Readonly<Record<string, (n: number) => object>>;
  /** Called over and over by two MCP clients, each in a session. */
  readonly session?: { readonly tool: string; readonly args: (n: number) => object };
}

export interface Refusal {
  readonly status: number;
  readonly retryable: boolean | undefined;
  readonly tookMs: number;
  /** When it came, on the clock of `performance.now()`. */
  readonly at: number;
  readonly body: any;
}

/** Callers that go on, whatever is killed, and remember what they were told. */
export class Load {
  /** Call id → tool. */
  readonly answeredCalls = new Map<string, string>();
  /** Ids of documents that were created. */
  readonly storedDocuments: string[] = [];
  readonly refusals: Refusal[] = [];
  /** Requests whose connection ended without an answer, and what clients made of refusals. */
  lost = 0;
  readonly #stopping = new AbortController();
  readonly #loops: Promise<void>[];
  #counter = 0;

  constructor(private readonly options: LoadOptions) {
    const { rest, session } = options;
    const calls = Object.entries(rest).map(
      ([tool, args]) =>
        () =>
          this.#call(tool, args(this.#counter++)),
    );
    this.#loops = [
      ...[...calls, ...calls, () => this.#document()].map((send) => this.#repeat(send)),
      ...(session ? [this.#session(session), this.#session(session)] : []),
    ];
  }

  /** Requests that were answered as they should be. */
  get answered(): number {
    return this.answeredCalls.size + this.storedDocuments.length;
  }

  /** Resolves when the requests under way have their answers. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
  }

  toString(): string {
    const { answeredCalls, storedDocuments, refusals, lost } = this;
    return `${answeredCalls.size} calls and ${storedDocuments.length} documents acknowledged, ${refusals.length} refused, ${lost} without an answer`;
  }

  get #headers(): Record<string, string> {
    const { token } = this.options;
    return token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  async #repeat(send: () => Promise<void>): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await send().catch(() => void this.lost++);
      await delay(PAUSE_MS);
    }
  }

  async #call(tool: string, args: object): Promise<void> {
    const body = await this.#send('POST', `/tools/${tool}/call`, { arguments: args });
    if (body?.result?.isError === true) throw new Error(JSON.stringify(body));
    if (body) this.answeredCalls.set(body.callId, tool);
  }

  async #document(): Promise<void> {
    const id = `d${this.#counter++}`;
    if (await this.#send('PUT', `/resources/load/${id}`, { id })) this.storedDocuments.push(id);
  }

  /** @returns the answer, or undefined when it was refused */
  async #send(method: string, path: string, content: object): Promise<any> {
    const began = performance.now();
    const answer = await fetch(this.options.gateway + path, {
      method,
      headers: { 'content-type': 'application/json', ...this.#headers },
      body: JSON.stringify(content),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const body: any = await answer.json();
    if (answer.ok) return body;
    const at = performance.now();
    this.refusals.push({ status: answer.status, retryable: body.retryable, tookMs: Math.round(at - began), at, body });
  }

  /** An MCP client that opens a session, and another one only when that is gone. */
  async #session(session: NonNullable<LoadOptions['session']>): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const client = new Client({ name: 'load', version: '1' });
      try {
        const requestInit = { headers: this.#headers };
        await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', this.options.gateway), { requestInit }));
        await this.#useSession(client, session);
      } catch {
        this.lost++;
        await delay(PAUSE_MS);
      } finally {
        await client.close().catch(() => undefined);
      }
    }
  }

  async #useSession(client: Client, { tool, args }: NonNullable<LoadOptions['session']>): Promise<void> {
    for (let failures = 0; !this.#stopping.signal.aborted && failures < 5; await delay(PAUSE_MS)) {
      try {
        const result = await client.callTool(
          { name: tool, arguments: { ...args(this.#counter++) } },
          { timeout: REQUEST_TIMEOUT_MS },
        );
        this.answeredCalls.set(result._meta![CALL_ID] as string, tool);
        failures = 0;
      } catch {
        this.lost++;
        failures++;
      }
    }
  }
}
