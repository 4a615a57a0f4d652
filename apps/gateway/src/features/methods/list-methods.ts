import { ErrorCode, isOfStatelessEra, rpcError, type MethodHandler, type MethodRouter } from '@signalbox/mcp';
import type { Caller } from '../../caller.js';
import type { ListKind } from '../catalogue/list-kind.js';
import type { Catalogue } from '../catalogue/catalogue.js';

/** Lists are answered from memory, as text that was serialised once per revision of the catalogue. */
export function routeLists(router: MethodRouter<Caller>, catalogue: Catalogue): void {
  const list =
    (kind: ListKind): MethodHandler<Caller> =>
    ({ params, caller }) => {
      const hinted = isOfStatelessEra(caller.client.protocolVersion);
      const resultText = catalogue.view(caller.scope).page(kind, params?.['cursor'], hinted);
      if (resultText !== undefined) return { resultText };
      return { error: rpcError(ErrorCode.InvalidParams, '"cursor" is not one that this list gave out') };
    };
  router
    .route('tools/list', list('tools'))
    .route('prompts/list', list('prompts'))
    .route('resources/list', list('resources'))
    .route('resources/templates/list', list('resourceTemplates'));
}
