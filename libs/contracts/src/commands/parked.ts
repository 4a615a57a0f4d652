import type { RpcError } from './execute.js';

/** Queue of one gateway instance, for answers to what requests that it holds have asked their clients. */
export const parkedQueue = (instanceId: string): string => `mcp.gateway.${instanceId}.parked`;

/** A client of MCP 2026-07-28 has come back with its answers, at another gateway. Answered by {@link ResumeReply}, after any number of {@link ResumePart}s. */
export interface ResumeParked {
  readonly kind: 'resume';
  /** Names this turn, should the client give up while it waits. */
  readonly turnId: string;
  /** The request state that the client brought, with what it is checked against. */
  readonly state: string;
  readonly principal: string;
  /** SHA-256 of the request, see the gateway that made the state. */
  readonly digest: string;
  /** By the key of the question. */
  readonly inputResponses: Readonly<Record<string, unknown>>;
}

/** The client closed the connection on which it waited for a {@link ResumeParked}. */
export interface AbandonParked {
  readonly kind: 'abandon';
  readonly turnId: string;
}

export type ParkedMessage = ResumeParked | AbandonParked;

/** A notification for the client that waits. */
export interface ResumePart {
  readonly method: string;
  readonly params?: object;
}

/** Said before anything else: the gateway is there, and has it in hand. */
export interface ResumeTaken {
  readonly taken: true;
}

export type ResumeReply = { readonly result: unknown } | { readonly error: RpcError };
