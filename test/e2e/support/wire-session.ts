import { SseParser } from '@signalbox/mcp';

export interface StreamEvent {
  readonly id: string | undefined;
  readonly data: any;
}

/** A stream of server-sent events as far as it has come. */
export class EventReader {
  readonly events: StreamEvent[] = [];
  readonly done: Promise<void>;
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(
    response: Response,
    /** Breaks the connection. */
    readonly leave: () => void,
  ) {
    const parser = new SseParser({
      onEvent: ({ id, data }) => {
        this.events.push({ id, data: data === '' ? undefined : JSON.parse(data) });
        this.#wake();
      },
    });
    this.done = (async () => {
      try {
        for await (const chunk of response.body!) parser.feed(chunk);
      } catch {
        // broken, by either side
      }
      this.#ended = true;
      this.#wake();
    })();
  }

  /** Waits for the first event that matches. */
  async find(matches: (event: StreamEvent) => boolean): Promise<StreamEvent> {
    for (;;) {
      const found = this.events.find(matches);
      if (found) return found;
      if (this.#ended) throw new Error(`the stream ended; it had ${JSON.stringify(this.events)}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  get lastId(): string {
    return this.events.findLast(({ id }) => id !== undefined)!.id!;
  }

  get progress(): number[] {
    return this.events.filter(({ data }) => data?.params?.progress).map(({ data }) => data.params.progress);
  }

  get answers(): any[] {
    return this.events.map(({ data }) => data).filter((data) => data?.id !== undefined);
  }
}

const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/** A session of MCP 2025-11-25 by hand, which may go on at any gateway. */
export class WireSession {
  private constructor(private readonly id: string) {}

  static async open(mcp: string): Promise<WireSession> {
    const clientInfo = { name: 'by hand', version: '1' };
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
    const response = await fetch(mcp, { method: 'POST', headers: HEADERS, body });
    return new WireSession(response.headers.get('mcp-session-id')!);
  }

  /** Calls a tool that takes long, and waits for the first event of the answer. */
  async callSlowly(mcp: string, id: string, name: string, args: object): Promise<EventReader> {
    const params = { name, arguments: args, _meta: { progressToken: id } };
    const body = JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params });
    const reader = await this.#read(mcp, { method: 'POST', body });
    await reader.find((event) => event.id !== undefined);
    return reader;
  }

  takeUp(mcp: string, lastEventId: string): Promise<EventReader> {
    return this.#read(mcp, { method: 'GET', headers: { 'last-event-id': lastEventId } });
  }

  async #read(mcp: string, { headers, ...init }: RequestInit): Promise<EventReader> {
    const abort = new AbortController();
    const own = { ...HEADERS, 'mcp-session-id': this.id, ...(headers as object) };
    const response = await fetch(mcp, { ...init, headers: own, signal: abort.signal });
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    return new EventReader(response, () => abort.abort());
  }
}
