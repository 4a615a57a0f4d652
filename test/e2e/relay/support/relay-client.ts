import { WireClient } from '../../../../apps/gateway/test/gateway-under-test.js';
import { SseReader } from '../../../../apps/gateway/test/sse-reader.js';
import { StatelessWireClient } from '../../../../apps/gateway/test/stateless-client.js';

type Json = Record<string, any>;

/** A request that is on its way. */
export interface Exchange {
  /** All messages of its stream so far, the answer included. */
  readonly messages: Json[];
  /** The first message that matches. */
  find(matches: (message: Json) => boolean): Promise<Json>;
  /** The response, when it has come. */
  answer(): Promise<Json>;
  /** Cancels the request in the way of its era. */
  cancel(): Promise<void>;
}

export interface RelayClient {
  start(method: string, params: Json): Promise<Exchange>;
  call(name: string, args?: Json, more?: Json): Promise<Exchange>;
}

const isAnswer = (message: Json): boolean => message['method'] === undefined && message['id'] !== undefined;

async function exchangeOf(response: Response, cancel: () => Promise<void>): Promise<Exchange> {
  if (response.headers.get('content-type') !== 'text/event-stream') {
    const message = (await response.json()) as Json;
    return { messages: [message], find: async () => message, answer: async () => message, cancel };
  }
  const reader = new SseReader(response);
  const find = async (matches: (message: Json) => boolean): Promise<Json> =>
    (await reader.find(({ data }) => data !== undefined && matches(data as Json))).data as Json;
  return {
    find,
    cancel,
    answer: () => find(isAnswer),
    get messages() {
      return reader.events.map(({ data }) => data as Json).filter((data) => data !== undefined);
    },
  };
}

const calling = (start: RelayClient['start']): RelayClient => ({
  start,
  call: (name, args = {}, more = {}) => start('tools/call', { name: `relay__${name}`, arguments: args, ...more }),
});

/** A client of 2025-11-25 on the wire. */
export async function sessionClient(
  url: string,
  capabilities: Json = {},
  headers: Record<string, string> = {},
): Promise<RelayClient & { readonly wire: WireClient }> {
  const wire = new WireClient(url, headers);
  await wire.initialize(capabilities);
  let nextId = 1000;
  const start: RelayClient['start'] = async (method, params) => {
    const id = nextId++;
    const response = await wire.post({ jsonrpc: '2.0', id, method, params });
    return exchangeOf(response, async () => {
      await wire.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } });
    });
  };
  return { ...calling(start), wire };
}

/** A client of 2026-07-28 on the wire. */
export function statelessClient(
  url: string,
  capabilities: Json = {},
  headers: Record<string, string> = {},
): Promise<RelayClient> {
  const wire = new StatelessWireClient(url, { capabilities, headers });
  const start: RelayClient['start'] = async (method, params) => {
    const abort = new AbortController();
    const response = await wire.send(method, params, { signal: abort.signal });
    return exchangeOf(response, async () => abort.abort());
  };
  return Promise.resolve(calling(start));
}

export const ERAS = [
  ['2025-11-25', sessionClient],
  ['2026-07-28', statelessClient],
] as const;
