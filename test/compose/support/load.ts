import { setTimeout as delay } from 'node:timers/promises';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

/** Between two requests of one caller: the product is to be killed under load, not the machine. */
const PAUSE_MS = 25;
const REQUEST_TIMEOUT_MS = 20_000;
const CALL_ID = 'io.signalbox/callId';

export interface Refusal {
  readonly status: number;
  readonly retryable: boolean | undefined;
  readonly tookMs: number;
}

/** Callers that go on, whatever is killed, and remember what they were told. */
export class Load {
  /** Call id → tool. */
  readonly answeredCalls = new Map<string, string>();
  /** Ids of documents that were created. */
  readonly storedDocuments: string[] = [];
  readonly refusals: Refusal[] = [];
  /** Requests whose connection ended without an answer. */
  lost = 0;
  readonly #stopping = new AbortController();
  readonly #loops: Promise<void>[];
  #counter = 0;

  constructor(
    private readonly gateway: string,
    private readonly token: string,
  ) {
    const rest = [this.#echo, this.#echo, this.#write, this.#write, this.#document].map((send) => this.#repeat(send));
    this.#loops = [...rest, this.#session(), this.#session()];
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

  async #repeat(send: () => Promise<void>): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await send.call(this).catch(() => void this.lost++);
      await delay(PAUSE_MS);
    }
  }

  /** A read. */
  async #echo(): Promise<void> {
    await this.#call('everything__echo', { message: `m${this.#counter++}` });
  }

  /** Unsafe. */
  async #write(): Promise<void> {
    const path = `/data/sandbox/${this.#counter++ % 50}.txt`;
    await this.#call('filesystem__write_file', { path, content: `${this.#counter}` });
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
    const answer = await fetch(this.gateway + path, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.token}` },
      body: JSON.stringify(content),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const body = await answer.json();
    if (answer.ok) return body;
    const tookMs = Math.round(performance.now() - began);
    this.refusals.push({ status: answer.status, retryable: body.retryable, tookMs });
  }

  /** An MCP client that opens a session, and another one only when that is gone. */
  async #session(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const client = new Client({ name: 'load', version: '1' });
      try {
        await client.connect(
          new StreamableHTTPClientTransport(new URL('/mcp', this.gateway), {
            requestInit: { headers: { authorization: `Bearer ${this.token}` } },
          }),
        );
        await this.#useSession(client);
      } catch {
        this.lost++;
        await delay(PAUSE_MS);
      } finally {
        await client.close().catch(() => undefined);
      }
    }
  }

  async #useSession(client: Client): Promise<void> {
    for (let failures = 0; !this.#stopping.signal.aborted && failures < 5; await delay(PAUSE_MS)) {
      try {
        const params = { name: 'everything__get-sum', arguments: { a: this.#counter++, b: 1 } };
        const result = await client.callTool(params, { timeout: REQUEST_TIMEOUT_MS });
        this.answeredCalls.set(result._meta![CALL_ID] as string, 'everything__get-sum');
        failures = 0;
      } catch {
        this.lost++;
        failures++;
      }
    }
  }
}
