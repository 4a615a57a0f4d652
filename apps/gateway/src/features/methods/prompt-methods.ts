import { ErrorCode, rpcError, type MethodRouter, type Outcome } from '@signalbox/mcp';
import type { Caller } from '../../caller.js';
import type { CatalogueView } from '../catalogue/catalogue-view.js';
import type { Catalogue } from '../catalogue/catalogue.js';
import { forwardTo, type ForwardingOptions } from './forwarding.js';
import { unknownName } from './tool-methods.js';

export function routePrompts(router: MethodRouter<Caller>, catalogue: Catalogue, forwarding: ForwardingOptions): void {
  router.route('prompts/get', (request) => {
    const { params, caller } = request;
    const name = params?.['name'];
    if (typeof name !== 'string') return { error: rpcError(ErrorCode.InvalidParams, '"name" must be a string') };
    const view = catalogue.view(caller.scope);
    const prompt = view.prompt(name);
    if (!prompt) return { error: unknownName('prompt', name, view.names('prompts')) };
    return forwardTo(prompt.server, { ...params, name: prompt.name }, request, forwarding);
  });

  router.route('completion/complete', (request) => {
    const { params, caller } = request;
    const ref = params?.['ref'];
    if (typeof ref !== 'object' || ref === null) return badReference();
    const target = completionTarget(ref as Record<string, unknown>, catalogue.view(caller.scope));
    if (!target) return badReference();
    return forwardTo(target.server, { ...params, ref: target.ref }, request, forwarding);
  });
}

function badReference(): Outcome {
  const message = '"ref" must name a listed prompt ("ref/prompt") or resource template ("ref/resource")';
  return { error: rpcError(ErrorCode.InvalidParams, message) };
}

function completionTarget(
  ref: Readonly<Record<string, unknown>>,
  view: CatalogueView,
): { readonly server: string; readonly ref: object } | undefined {
  const { type, name, uri } = ref;
  if (type === 'ref/prompt' && typeof name === 'string') {
    const prompt = view.prompt(name);
    return prompt && { server: prompt.server, ref: { ...ref, name: prompt.name } };
  }
  if (type !== 'ref/resource' || typeof uri !== 'string') return undefined;
  const server = view.ownerOfTemplate(uri) ?? view.ownerOf(uri);
  return server === undefined ? undefined : { server, ref };
}
