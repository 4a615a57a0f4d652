import type { SafetyClass } from '../events/calls.js';

/** The work queue of the executors that hold connections to `server`. */
export const executeQueue = (server: string): string => `mcp.execute.${server}`;

/** Identity and abilities of the client on whose behalf something is asked of an upstream server. */
export interface ClientContext {
  readonly principal: string;
  /** The gateway instance that holds the client's streams. */
  readonly gateway: string;
  /** Absent for REST calls and for requests that no session stands behind. */
  readonly sessionId?: string;
  readonly protocolVersion?: string;
  readonly info?: { readonly name: string; readonly version: string };
  readonly capabilities?: Readonly<Record<string, unknown>>;
  readonly logLevel?: string;
}

export interface CallAsTask {
  /** Its deadline may be longer than that of the server's calls. */
  readonly hasOwnDeadline: boolean;
  /**
   * Milliseconds since the epoch until which an answer of a server of 2026-07-28 that asks for input is the reply; afterwards
   * the client is asked in the course of the call.
   */
  readonly passInputUntil: number;
  /** The executor writes down what the server asks: it is a task from the start, and the gateway may be gone by then. */
  readonly recordsQuestions: boolean;
}

/** Asks an executor to send one MCP request upstream. Answered by {@link ExecuteReply}, after any number of {@link ExecutePart}s. */
export interface ExecuteCommand {
  /** Unique per request; what {@link ExecutorControl} messages refer to. Equals `call.callId` for a tool call. */
  readonly requestId: string;
  readonly server: string;
  /** MCP method, with names and URIs as the upstream server knows them. */
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>> | undefined;
  readonly client: ClientContext;
  /** Milliseconds since the epoch. Each hop shortens it. */
  readonly deadline: number;
  readonly traceparent: string;
  /** Present for `tools/call`, which is claimed and logged. */
  readonly call?: {
    readonly callId: string;
    readonly attempt: number;
    readonly tool: string;
    readonly safetyClass: SafetyClass;
    /** Milliseconds since the epoch at which the gateway received it. */
    readonly requestedAt: number;
    /** The tool wants to be called as a task of its own server (MCP 2025-11-25, `execution.taskSupport: "required"`). */
    readonly asServerTask?: true;
    /** For a call that is, or may become, a task. */
    readonly task?: CallAsTask;
  };
}

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

export type ExecuteReply =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: RpcError; readonly retryable: boolean };

/** What reaches the client while its request runs, in order, before the reply. */
export type ExecutePart =
  | { readonly kind: 'notification'; readonly method: string; readonly params?: unknown }
  /** A reverse request (sampling, elicitation, roots); answered by a `response` to the executor's inbox. */
  | {
      readonly kind: 'request';
      readonly id: string;
      readonly inbox: string;
      readonly method: string;
      readonly params?: unknown;
      /** Under which the client was asked before, by a gateway that is gone. */
      readonly key?: string;
    };

/** Work queue of one executor instance, for what belongs to a request that it runs. */
export const executorInbox = (instanceId: string): string => `mcp.executor.${instanceId}`;

/** @returns the executor instance that an inbox is of */
export function executorOf(inbox: string): string | undefined {
  const prefix = executorInbox('');
  return inbox.startsWith(prefix) ? inbox.slice(prefix.length) : undefined;
}

/** Queue of one executor instance, for {@link AdoptRequest}s. */
export const adoptionQueue = (instanceId: string): string => `${executorInbox(instanceId)}.adoptions`;

/**
 * A client has come back to a request whose gateway is gone: what the request leads to from now on goes to the sender. Answered
 * by {@link ExecuteReply} after any number of {@link ExecutePart}s, first among them all questions that are still open.
 */
export interface AdoptRequest {
  readonly requestId: string;
  /** What the client brought, as in {@link ParkedRequest}; good for one adoption. */
  readonly state: string;
  readonly principal: string;
  readonly digest: string;
}

export interface ParkedRequest {
  readonly kind: 'parked';
  readonly requestId: string;
  /** SHA-256 in hex of the state that the client was given. */
  readonly stateHash: string;
  readonly principal: string;
  /** SHA-256 in hex of what the client asked for. */
  readonly digest: string;
  /** Until when it may come back, in milliseconds since the epoch. */
  readonly expires: number;
  /** Keys under which the client was asked, by the executor's name for the question. */
  readonly keys: Readonly<Record<string, string>>;
}

/** Topic on which gateways tell all executors something; each acts on what it holds. */
export const EXECUTOR_CONTROL = 'control.executor';

export type ExecutorControl =
  | { readonly kind: 'cancel'; readonly requestId: string; readonly reason?: string }
  | {
      readonly kind: 'response';
      readonly requestId: string;
      readonly id: string;
      readonly result?: unknown;
      readonly error?: RpcError;
    }
  /** A notification of the client to the servers it uses, such as `notifications/roots/list_changed`. */
  | { readonly kind: 'notify'; readonly sessionId: string; readonly method: string; readonly params?: unknown }
  /** The client of a request was asked something and is away: who comes back with `state` may have the request. */
  | ParkedRequest
  /** What the server asks in the course of this call goes into the log from now on: the call has become a task. */
  | { readonly kind: 'record-questions'; readonly requestId: string }
  /** Heard by the other gateways too. */
  | { readonly kind: 'session-closed'; readonly sessionId: string }
  /** The gateway that a client's general stream is connected to: what belongs to no request goes there. */
  | { readonly kind: 'session-stream'; readonly sessionId: string; readonly gateway: string }
  /** For gateways: the client said something about what runs at another of them, a cancellation or an answer. */
  | { readonly kind: 'client-message'; readonly sessionId: string; readonly message: ClientMessage };

export type ClientMessage =
  | { readonly cancelled: string | number; readonly reason?: string }
  | { readonly answered: string; readonly result?: unknown; readonly error?: RpcError };

/** Work queue of one gateway instance, for what upstream servers say outside of any request. */
export const gatewayInbox = (instanceId: string): string => `mcp.gateway.${instanceId}`;

/** An unsolicited message from upstream for one session, or for all sessions that `sessionId` leaves open. */
export interface SessionPush {
  readonly sessionId?: string;
  readonly server: string;
  readonly method: string;
  readonly params?: unknown;
  /** Set for a reverse request outside of any call. */
  readonly request?: { readonly id: string; readonly requestId: string; readonly inbox: string };
  /** With `notifications/cancelled`: the {@link request} that the server takes back. */
  readonly withdraws?: { readonly id: string; readonly inbox: string };
}
