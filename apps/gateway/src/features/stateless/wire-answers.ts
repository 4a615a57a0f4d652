import type { CachingHint, RpcError } from '@signalbox/contracts';
import {
  ErrorCode,
  failureText,
  MetaKey,
  rpcError,
  successText,
  type Implementation,
  type Outcome,
  type RequestId,
  type WireAnswer,
  refusalOf,
} from '@signalbox/mcp';

export interface AnsweredRequest {
  readonly id: RequestId;
  readonly method: string;
  readonly capabilities: Readonly<Record<string, unknown>>;
}

/** Methods that may answer with `input_required` (MCP 2026-07-28, multi round-trip requests). */
export const MAY_ASK: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** Makes of outcomes, which may come from a server of the older era, what MCP 2026-07-28 has on the wire. */
export class WireAnswers {
  readonly #meta: string;

  /** @param hint for answers that have to say how long they may be kept, when the server did not say it */
  constructor(
    private readonly serverInfo: Implementation,
    private readonly hint: CachingHint,
  ) {
    this.#meta = `"resultType":"complete","_meta":{${JSON.stringify(MetaKey.ServerInfo)}:${JSON.stringify(serverInfo)}}`;
  }

  of(request: AnsweredRequest, outcome: Outcome): WireAnswer {
    const { id } = request;
    if ('resultText' in outcome) {
      const rest = outcome.resultText.slice(1);
      const result = `{${this.#meta}${rest === '}' ? '' : ','}${rest}`;
      return { status: 200, text: `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}` };
    }
    if (!('error' in outcome)) return { status: 200, text: successText(id, this.#result(request, outcome.result)) };
    const { error } = outcome;
    if (error.code === ErrorCode.UrlElicitationRequired && MAY_ASK.has(request.method)) {
      return this.#urlElicitation(request, error);
    }
    return this.#failure(id, error);
  }

  #failure(id: RequestId, error: RpcError): WireAnswer {
    switch (error.code) {
      case ErrorCode.MissingCapability:
        return { status: 400, text: failureText(id, error) };
      // codes of older revisions that this one forbids
      case ErrorCode.ResourceNotFound:
      case ErrorCode.UrlElicitationRequired:
        return { status: 200, text: failureText(id, { ...error, code: ErrorCode.InvalidParams }) };
      default:
        return { status: 200, text: failureText(id, error) };
    }
  }

  #result({ method }: AnsweredRequest, result: unknown): object {
    const known = (typeof result === 'object' && result !== null ? result : {}) as Readonly<Record<string, unknown>>;
    const meta = known['_meta'] as Readonly<Record<string, unknown>> | undefined;
    const { resultType = 'complete' } = known;
    return {
      ...(method === 'resources/read' && resultType === 'complete' ? this.hint : undefined),
      ...known,
      resultType,
      _meta: meta?.[MetaKey.ServerInfo] === undefined ? { ...meta, [MetaKey.ServerInfo]: this.serverInfo } : meta,
    };
  }

  /** What a server of 2025-11-25 says by an error is a question here; the client asks again when the user is done. */
  #urlElicitation({ id, capabilities }: AnsweredRequest, error: RpcError): WireAnswer {
    const { elicitations } = (error.data ?? {}) as { readonly elicitations?: unknown };
    if (!Array.isArray(elicitations) || elicitations.length === 0) return this.#failure(id, error);
    const inputRequests: Record<string, object> = {};
    for (const [index, params] of (elicitations as unknown[]).entries()) {
      if (typeof params !== 'object' || params === null) return this.#failure(id, error);
      inputRequests[`elicitation-${index + 1}`] = { method: 'elicitation/create', params: { mode: 'url', ...params } };
    }
    if (refusalOf('elicitation/create', { mode: 'url' }, capabilities)) {
      const requiredCapabilities = { elicitation: { url: {} } };
      return this.#failure(id, rpcError(ErrorCode.MissingCapability, error.message, { requiredCapabilities }));
    }
    const result = { resultType: 'input_required', inputRequests, _meta: { [MetaKey.ServerInfo]: this.serverInfo } };
    return { status: 200, text: successText(id, result) };
  }
}
