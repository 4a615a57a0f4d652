import type { ClientContext } from '@signalbox/contracts';
import type { UpstreamConnection } from '@signalbox/mcp';

/** A connection in a pool, and for whom it is used now. */
export class PooledConnection {
  /** The client that it was last leased to. */
  holder: ClientContext | undefined;
  logLevel: string | undefined;
  /** Resources that the server was asked to report changes of. */
  readonly subscriptions = new Set<string>();

  /** @param url of the instance that it goes to, where its server has several */
  constructor(
    readonly connection: UpstreamConnection,
    readonly url?: string,
  ) {}
}
