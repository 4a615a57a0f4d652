import type { McpRequest } from '@signalbox/mcp';
import type {
  MessageContext,
  MessageOutcome,
  Middleware,
  MiddlewareFactory,
  RequestMessage,
} from '@signalbox/middleware';
import type { Caller } from '../../../caller.js';
import type { LocalAnswers } from '../../call-tool/local-answers.js';
import type { CatalogueFollower } from '../../catalogue/catalogue-follower.js';
import type { ToolEntry } from '../../catalogue/catalogue-view.js';
import { ClientMessageContext } from '../message-context.js';
import { cacheKey } from './cache-key.js';
import { cacheOptions, type CacheOptions } from './cache-options.js';
import { ResultCache, type CachedResult } from './result-cache.js';

/** In `_meta` of a result that comes from the cache. */
export const CACHED = 'io.signalbox/cached';
const IDEMPOTENCY_KEY = 'io.signalbox/idempotencyKey';

/** What a request asks for. */
interface Target {
  readonly kind: CachedResult['kind'];
  readonly server: string;
  readonly uri?: string;
  readonly tool?: ToolEntry;
}

interface Pending {
  readonly target: Target;
  /** Undefined for a call that makes results out of date. */
  readonly key: string | undefined;
  readonly generation: string;
}

/** `signalbox:cache`: answers from results that are still good. Lists need none: they are served from memory. */
export function cacheFactory(follower: CatalogueFollower, answers: LocalAnswers): MiddlewareFactory {
  return (given, { now }) => {
    const options = cacheOptions(given);
    const cache = new ResultCache(options);
    follower.watch(undefined);
    follower.onListChanged((scope, kinds) => {
      if (scope !== undefined) return;
      const has = ({ kind }: CachedResult): boolean =>
        kinds.has(kind) || (kind === 'resources' && kinds.has('resourceTemplates'));
      cache.forget(has);
    });
    follower.onResourceUpdated((server, uri) =>
      cache.forget((entry) => entry.server === server && entry.uri === uri, server),
    );
    return new CacheMiddleware(options, cache, follower, answers, now);
  };
}

class CacheMiddleware implements Middleware {
  readonly #pending = new WeakMap<MessageContext, Pending>();

  constructor(
    private readonly options: CacheOptions,
    private readonly cache: ResultCache,
    private readonly follower: CatalogueFollower,
    private readonly answers: LocalAnswers,
    private readonly now: () => number,
  ) {}

  request({ method, params }: RequestMessage, context: MessageContext) {
    if (!(context instanceof ClientMessageContext) || context.direction !== 'to-server') return undefined;
    const { caller } = context.request;
    const target = this.#target(method, params, caller);
    if (!target) return undefined;
    const keeps = this.#keeps(target, params);
    const key = keeps ? cacheKey(method, params, caller) : undefined;
    const found = key === undefined ? undefined : this.cache.get(key, caller.client.principal, this.now());
    if (found) return this.#answer(found, target, { ...context.request, params });
    this.#pending.set(context, { target, key, generation: this.cache.generation(target.server) });
    return undefined;
  }

  response(outcome: MessageOutcome, _message: RequestMessage, context: MessageContext): undefined {
    const pending = this.#pending.get(context);
    if (!pending) return;
    const { target, key, generation } = pending;
    if (key !== undefined) return this.#keep(outcome, target, key, generation, context.principal!);
    if (target.kind !== 'tools' || target.tool!.safetyClass === 'read') return;
    // it may have changed what its server answers
    this.cache.forget(({ server, kind }) => server === target.server && kind !== 'prompts', target.server);
  }

  #target(method: string, params: RequestMessage['params'], { scope }: Caller): Target | undefined {
    const { name, uri } = params ?? {};
    const view = this.follower.catalogue.view(scope);
    switch (method) {
      case 'tools/call': {
        const tool = typeof name === 'string' ? view.tool(name) : undefined;
        return tool && { kind: 'tools', server: tool.server, tool };
      }
      case 'prompts/get': {
        const prompt = typeof name === 'string' ? view.prompt(name) : undefined;
        return prompt && { kind: 'prompts', server: prompt.server };
      }
      case 'resources/read': {
        const server = typeof uri === 'string' ? view.ownerOf(uri) : undefined;
        return server === undefined ? undefined : { kind: 'resources', server, uri: uri as string };
      }
      default:
        return undefined;
    }
  }

  #keeps({ kind, tool }: Target, params: RequestMessage['params']): boolean {
    // the answer to a question is a message of its own
    if (params?.['inputResponses'] !== undefined || params?.['requestState'] !== undefined) return false;
    if (kind !== 'tools') return true;
    const meta = params?.['_meta'] as Readonly<Record<string, unknown>> | undefined;
    return (
      tool!.safetyClass === 'read' && this.options.keepsTool(tool!.exposed) && meta?.[IDEMPOTENCY_KEY] === undefined
    );
  }

  #keep(outcome: MessageOutcome, target: Target, key: string, generation: string, principal: string): undefined {
    if (!('result' in outcome) || this.cache.generation(target.server) !== generation) return;
    const result = outcome.result as Readonly<Record<string, unknown>> | null;
    if (typeof result !== 'object' || result === null || result['isError'] === true) return;
    if (result['resultType'] !== undefined && result['resultType'] !== 'complete') return;
    const ttlMs = this.#ttl(target, result['ttlMs']);
    if (ttlMs === 0) return;
    const size = JSON.stringify(result).length;
    if (size > this.options.maxResultBytes) return;
    const storedAt = this.now();
    const { kind, server, uri } = target;
    const entry: CachedResult = { result, kind, server, uri, storedAt, expiresAt: storedAt + ttlMs };
    this.cache.set(key, result['cacheScope'] === 'public' ? undefined : principal, entry, size + key.length);
  }

  #ttl({ kind }: Target, said: unknown): number {
    const { ttlMs, toolTtlMs, maxTtlMs } = this.options;
    const fallback = kind === 'tools' ? toolTtlMs : ttlMs;
    return Math.min(typeof said === 'number' && said >= 0 ? said : fallback, maxTtlMs);
  }

  #answer(found: CachedResult, { tool }: Target, request: McpRequest<Caller>) {
    const now = this.now();
    const ageMs = Math.max(0, now - found.storedAt);
    const result = {
      ...found.result,
      ...(found.result['ttlMs'] === undefined ? {} : { ttlMs: Math.max(0, found.expiresAt - now) }),
      _meta: { ...(found.result['_meta'] as object | undefined), [CACHED]: { ageMs } },
    };
    if (!tool) return { answer: { result } };
    // a call is in the log whoever answers it
    return this.answers
      .answer({ ...request, entry: tool, params: request.params! }, result)
      .then((answer) => ({ answer }));
  }
}
