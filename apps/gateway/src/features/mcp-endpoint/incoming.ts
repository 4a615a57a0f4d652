import type { Accepted, ClassifiedMessage } from '@signalbox/mcp';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A message that was POSTed, read and found to be JSON-RPC, before anything of a revision is known. */
export interface IncomingPost {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly message: Exclude<ClassifiedMessage, { kind: 'invalid' }>;
  readonly bytes: number;
  readonly accepted: Accepted;
  readonly principal: string;
  /** The one server of `/servers/:server/mcp`. */
  readonly scope: string | undefined;
}

/** A GET or DELETE. */
export interface IncomingPlain {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly principal: string;
  readonly scope: string | undefined;
}
