import type { ExecuteCommand } from '@signalbox/contracts';
import type { Inbound, UpstreamConnection, UpstreamRequestOptions } from '@signalbox/mcp';
import type { Span } from '@signalbox/ports';
import type { PooledConnection } from '../pools/pooled-connection.js';

/** One request in hand, from its command to its reply. Also the options under which it is sent, so that no further object is needed. */
export class RunningRequest implements UpstreamRequestOptions {
  /** Set anew for each try: a try is a span of its own. */
  headers: Readonly<Record<string, string>> = {};
  /** The connection that it runs on, or ran on last. */
  pooled: PooledConnection | undefined;
  phase: 'waiting' | 'running' = 'waiting';
  /** Somebody had it before: nothing is sent before its start is in the log, whatever its class. */
  redelivered = false;
  /** Why it was cancelled. */
  cancelled: string | undefined;

  constructor(
    readonly command: ExecuteCommand,
    /** Milliseconds since the epoch. */
    readonly deadline: number,
    readonly receivedAt: number,
    private readonly relay: (request: RunningRequest, connection: UpstreamConnection, message: Inbound) => void,
    /** Of the time from the command to its reply; what follows from it is below it in the trace. */
    readonly span: Span,
  ) {}

  onMessage(message: Inbound): void {
    if (this.pooled) this.relay(this, this.pooled.connection, message);
  }

  cancel(reason: string): void {
    this.cancelled ??= reason;
    this.pooled?.connection.cancel(this, reason);
  }
}
