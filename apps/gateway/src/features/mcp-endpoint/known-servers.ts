import { Injectable } from '@nestjs/common';
import type { RpcError } from '@signalbox/contracts';
import { ErrorCode, nearestNames, rpcError } from '@signalbox/mcp';
import { InjectConfig } from '@signalbox/nest-kit';
import type { ConfigSource } from '@signalbox/ports';
import { Catalogue } from '../catalogue/catalogue.js';

/** The servers that `/servers/:server/mcp` exists for: those configured, and those that the log knows. */
@Injectable()
export class KnownServers {
  readonly #configured: ReadonlySet<string>;

  constructor(
    private readonly catalogue: Catalogue,
    @InjectConfig() config: ConfigSource,
  ) {
    this.#configured = new Set(config.servers.map(({ name }) => name));
  }

  /** Why there is no such endpoint, or undefined when there is. */
  refusalOf(server: string): RpcError | undefined {
    if (this.#configured.has(server) || this.catalogue.server(server)) return undefined;
    const names = new Set([...this.#configured, ...this.catalogue.servers().map(({ name }) => name)]);
    const nearest = nearestNames(server, names);
    const hint = nearest.length > 0 ? `; did you mean ${nearest.join(', ')}?` : '';
    return rpcError(ErrorCode.InvalidRequest, `Unknown server: ${server.slice(0, 100)}${hint}`, { nearest });
  }
}
