import { Injectable } from '@nestjs/common';
import type { RpcError } from '@signalbox/contracts';
import { ErrorCode, nearestNames, rpcError } from '@signalbox/mcp';
import { Catalogue } from '../catalogue/catalogue.js';
import { ServerSettings } from '../catalogue/server-settings.js';

/** The servers that `/servers/:server/mcp` exists for: those configured, and those that the log knows. */
@Injectable()
export class KnownServers {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly configured: ServerSettings,
  ) {}

  /** Why there is no such endpoint, or undefined when there is. */
  refusalOf(server: string): RpcError | undefined {
    if (this.configured.has(server) || this.catalogue.server(server)) return undefined;
    const names = new Set([...this.configured.names(), ...this.catalogue.servers().map(({ name }) => name)]);
    const nearest = nearestNames(server, names);
    const hint = nearest.length > 0 ? `; did you mean ${nearest.join(', ')}?` : '';
    return rpcError(ErrorCode.InvalidRequest, `Unknown server: ${server.slice(0, 100)}${hint}`, { nearest });
  }
}
