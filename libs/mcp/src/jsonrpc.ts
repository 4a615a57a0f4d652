import type { RpcError } from '@signalbox/contracts';

/** JSON-RPC 2.0 (https://www.jsonrpc.org/specification) as MCP narrows it: no null ids, no batches, `params` is an object. */
export type RequestId = string | number;
export type Params = Readonly<Record<string, unknown>>;

export interface RpcRequest {
  readonly jsonrpc: '2.0';
  readonly id: RequestId;
  readonly method: string;
  readonly params?: Params;
}
export interface RpcNotification {
  readonly jsonrpc: '2.0';
  readonly method: string;
  readonly params?: Params;
}
export interface RpcSuccess {
  readonly jsonrpc: '2.0';
  readonly id: RequestId;
  readonly result: unknown;
}
export interface RpcFailure {
  readonly jsonrpc: '2.0';
  /** Null when the request could not be read. */
  readonly id: RequestId | null;
  readonly error: RpcError;
}
export type RpcResponse = RpcSuccess | RpcFailure;
export type RpcMessage = RpcRequest | RpcNotification | RpcResponse;

/** What a request came to: exactly one of the two. */
export type RpcOutcome = { readonly result: unknown } | { readonly error: RpcError };

/** Codes of JSON-RPC 2.0 and of MCP. */
export const ErrorCode = {
  ParseError: -32700,
  InvalidRequest: -32600,
  MethodNotFound: -32601,
  InvalidParams: -32602,
  InternalError: -32603,
  /** The connection to the other side is gone. Also what SDK servers answer to an HTTP request that they refuse. */
  ConnectionClosed: -32000,
  RequestTimeout: -32001,
  ResourceNotFound: -32002,
  /** 2026-07-28: a header does not match the body. */
  HeaderMismatch: -32020,
  /** 2026-07-28: the client lacks a capability that the request needs. */
  MissingCapability: -32021,
  /** 2026-07-28: the version asked for is not supported. */
  UnsupportedVersion: -32022,
  UrlElicitationRequired: -32042,
} as const;

export function rpcError(code: number, message: string, data?: unknown): RpcError {
  return data === undefined ? { code, message } : { code, message, data };
}

export type ClassifiedMessage =
  | { readonly kind: 'request'; readonly message: RpcRequest }
  | { readonly kind: 'notification'; readonly message: RpcNotification }
  | { readonly kind: 'response'; readonly message: RpcResponse }
  /** `id` is the id to answer to: null when it could not be read. */
  | { readonly kind: 'invalid'; readonly reason: string; readonly id: RequestId | null };

/** Sorts one parsed JSON value. Nothing is copied; unknown fields stay where they are. */
export function classifyMessage(value: unknown): ClassifiedMessage {
  if (Array.isArray(value)) return invalid('batches are not supported: send one message', null);
  if (typeof value !== 'object' || value === null) return invalid('a message must be a JSON object', null);
  const message = value as Record<string, unknown>;
  const hasId = message['id'] !== undefined;
  const id = isRequestId(message['id']) ? message['id'] : null;
  if (message['jsonrpc'] !== '2.0') return invalid('"jsonrpc" must be "2.0"', id);
  if (message['method'] !== undefined) return classifyCall(message, hasId, id);
  return classifyResponse(message, hasId, id);
}

function classifyCall(message: Record<string, unknown>, hasId: boolean, id: RequestId | null): ClassifiedMessage {
  if (typeof message['method'] !== 'string' || message['method'] === '') {
    return invalid('"method" must be a non-empty string', id);
  }
  const params = message['params'];
  if (params !== undefined && (typeof params !== 'object' || params === null || Array.isArray(params))) {
    return invalid('"params" must be an object', id);
  }
  if (!hasId) return { kind: 'notification', message: message as unknown as RpcNotification };
  if (id === null) return invalid('"id" must be a string or an integer', null);
  return { kind: 'request', message: message as unknown as RpcRequest };
}

function classifyResponse(message: Record<string, unknown>, hasId: boolean, id: RequestId | null): ClassifiedMessage {
  const hasResult = message['result'] !== undefined;
  const error = message['error'];
  if (!hasResult && error === undefined) return invalid('neither "method" nor "result" nor "error" is there', id);
  if (hasResult && error !== undefined) return invalid('a response has either "result" or "error", not both', id);
  if (error !== undefined && !isRpcError(error)) {
    return invalid('"error" must have an integer "code" and a string "message"', id);
  }
  if (id === null && (hasResult || (hasId && message['id'] !== null))) {
    return invalid('"id" must be a string or an integer', null);
  }
  return { kind: 'response', message: message as unknown as RpcResponse };
}

export function isRequestId(value: unknown): value is RequestId {
  return typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value));
}

export function isRpcError(value: unknown): value is RpcError {
  if (typeof value !== 'object' || value === null) return false;
  const error = value as Record<string, unknown>;
  return Number.isInteger(error['code']) && typeof error['message'] === 'string';
}

/** JSON text of a success response. */
export function successText(id: RequestId, result: unknown): string {
  return `{"jsonrpc":"2.0","id":${idText(id)},"result":${JSON.stringify(result ?? {})}}`;
}

/** JSON text of an error response. `id` null: the request could not be read. */
export function failureText(id: RequestId | null, error: RpcError): string {
  return `{"jsonrpc":"2.0","id":${idText(id)},"error":${JSON.stringify(error)}}`;
}

/** JSON text of a request; only the params are serialised. */
export function requestText(id: RequestId, method: string, params: object | undefined): string {
  const head = `{"jsonrpc":"2.0","id":${idText(id)},"method":${JSON.stringify(method)}`;
  return params === undefined ? `${head}}` : `${head},"params":${JSON.stringify(params)}}`;
}

/** JSON text of a notification. */
export function notificationText(method: string, params: object | undefined): string {
  const head = `{"jsonrpc":"2.0","method":${JSON.stringify(method)}`;
  return params === undefined ? `${head}}` : `${head},"params":${JSON.stringify(params)}}`;
}

function idText(id: RequestId | null): string {
  return typeof id === 'number' ? String(id) : JSON.stringify(id);
}

function invalid(reason: string, id: RequestId | null): ClassifiedMessage {
  return { kind: 'invalid', reason, id };
}
