import { Injectable } from '@nestjs/common';
import type { RpcError } from '@signalbox/contracts';
import {
  isOfStatelessEra,
  mirroredHeaderFault,
  mirroredParams,
  type MirroredParams,
  type Params,
} from '@signalbox/mcp';
import type { IncomingHttpHeaders } from 'node:http';
import { Catalogue } from '../catalogue/catalogue.js';
import { refusal } from '../parked/parked-exchanges.js';
import { isOurState } from '../parked/request-state.js';

/** What of a request can only be checked by those who know the catalogue. */
@Injectable()
export class RequestChecks {
  /** By the tool's definition, so that a schema is looked through once. */
  readonly #mirrored = new WeakMap<object, MirroredParams>();

  constructor(private readonly catalogue: Catalogue) {}

  /** Whether the headers repeat the arguments that the tool wants to be repeated. @returns the error to refuse with */
  headerFault(
    params: Params | undefined,
    scope: string | undefined,
    headers: IncomingHttpHeaders,
  ): RpcError | undefined {
    const name = params?.['name'];
    const definition = typeof name === 'string' ? this.catalogue.view(scope).tool(name)?.definition : undefined;
    if (!definition) return undefined;
    let mirrored = this.#mirrored.get(definition);
    if (!mirrored) this.#mirrored.set(definition, (mirrored = mirroredParams(definition['inputSchema'])));
    // a definition that breaks the rules is one that clients do not use
    if (!mirrored.valid || mirrored.params.length === 0) return undefined;
    return mirroredHeaderFault(mirrored.params, params!['arguments'], headers);
  }

  /**
   * Whose a request state is. Servers of this era make their own, which is not for us to look into; for those of the
   * older era, which know none, we do.
   * @returns the error for a state that nobody can have made
   */
  ownerOfState(
    state: string,
    method: string,
    params: Params,
    scope: string | undefined,
  ): 'gateway' | 'server' | RpcError {
    const server = this.#serverOf(method, params, scope);
    const revision = server === undefined ? undefined : this.catalogue.server(server)?.protocolVersion;
    if (isOfStatelessEra(revision)) return 'server';
    return isOurState(state) ? 'gateway' : refusal('it was not given out here');
  }

  #serverOf(method: string, params: Params, scope: string | undefined): string | undefined {
    const view = this.catalogue.view(scope);
    const { name, uri } = params;
    if (method === 'resources/read') return typeof uri === 'string' ? view.ownerOf(uri) : undefined;
    if (typeof name !== 'string') return undefined;
    return (method === 'prompts/get' ? view.prompt(name) : view.tool(name))?.server;
  }
}
