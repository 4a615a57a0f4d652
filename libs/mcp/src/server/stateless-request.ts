import type { RpcError } from '@signalbox/contracts';
import type { IncomingHttpHeaders } from 'node:http';
import { decodeHeaderValue } from '../header-value.js';
import { ErrorCode, rpcError, type Params } from '../jsonrpc.js';
import { LOG_LEVELS } from '../log-levels.js';
import { mirroredText, PARAM_HEADER_PREFIX, type MirroredParam } from '../mirrored-params.js';
import { MetaKey, metaOf, readRequestMeta } from '../request-meta.js';
import { isOfStatelessEra, isStatelessRevision, SUPPORTED_REVISIONS } from '../revisions.js';

/** What a request of a revision without sessions says of its client. */
export interface StatelessClient {
  readonly protocolVersion: string;
  readonly info: { readonly name: string; readonly version: string } | undefined;
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly logLevel: string | undefined;
}

export type StatelessRequest =
  /** To be refused with HTTP status 400. */
  { readonly ok: false; readonly error: RpcError } | { readonly ok: true; readonly client: StatelessClient };

/** Methods whose name or URI is in the header `Mcp-Name` too. */
const NAME_SOURCE: Readonly<Record<string, 'name' | 'uri' | 'taskId'>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  // of the extension io.modelcontextprotocol/tasks
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};
const DECIMAL = /^-?\d{1,17}(\.\d{1,17})?$/;
const MAX_QUOTED = 200;
const MAX_NAME = 200;

/** Whether a message is one of a revision without sessions: by its `_meta`, or by its header when that names such a revision. */
export function isStatelessMessage(params: Params | undefined, versionHeader: string | undefined): boolean {
  return metaOf(params)?.[MetaKey.ProtocolVersion] !== undefined || isOfStatelessEra(versionHeader);
}

/** Checks what MCP 2026-07-28 demands of every request: the fields of `_meta`, the revision, and the headers that repeat the body. */
export function readStatelessRequest(
  method: string,
  params: Params | undefined,
  headers: IncomingHttpHeaders,
): StatelessRequest {
  const meta = metaOf(params);
  const { protocolVersion, clientInfo, clientCapabilities, logLevel } = readRequestMeta(meta ?? {});
  if (typeof protocolVersion !== 'string') {
    return refused(ErrorCode.InvalidParams, `"params._meta" must have a string "${MetaKey.ProtocolVersion}"`);
  }
  const headerFault = versionMismatch(protocolVersion, headers['mcp-protocol-version']);
  if (headerFault !== undefined) return mismatch(headerFault);
  if (!isStatelessRevision(protocolVersion)) return { ok: false, error: unsupportedVersion(protocolVersion) };
  if (!isObject(clientCapabilities)) {
    return refused(ErrorCode.InvalidParams, `"params._meta" must have an object "${MetaKey.ClientCapabilities}"`);
  }
  if (clientInfo !== undefined && !isObject(clientInfo)) {
    return refused(ErrorCode.InvalidParams, `"${MetaKey.ClientInfo}" must be an object`);
  }
  if (logLevel !== undefined && !(LOG_LEVELS as readonly unknown[]).includes(logLevel)) {
    return refused(ErrorCode.InvalidParams, `"${MetaKey.LogLevel}" must be one of ${LOG_LEVELS.join(', ')}`);
  }
  const fault = standardHeaderFault(method, params, headers);
  if (fault !== undefined) return mismatch(fault);
  return {
    ok: true,
    client: {
      protocolVersion,
      info: clientInfo && implementation(clientInfo),
      capabilities: clientCapabilities,
      logLevel: logLevel as string | undefined,
    },
  };
}

/** Checks the headers that repeat arguments of a tool. @returns the error to refuse with (status 400), or undefined */
export function mirroredHeaderFault(
  params: readonly MirroredParam[],
  args: unknown,
  headers: IncomingHttpHeaders,
): RpcError | undefined {
  for (const param of params) {
    const expected = mirroredText(args, param);
    // a header for a value that is not there says nothing that anyone acts on
    if (expected === undefined) continue;
    const name = `Mcp-Param-${param.header}`;
    const header = headers[PARAM_HEADER_PREFIX + param.header.toLowerCase()];
    if (typeof header !== 'string') return headerMismatch(`${name} is missing, but the body has the argument`);
    const decoded = decodeHeaderValue(header);
    if (decoded === undefined) return headerMismatch(`${name} is not valid Base64 of UTF-8`);
    if (!sameValue(decoded, expected, param.type)) {
      return headerMismatch(`${name} header value ${quoted(decoded)} does not match body value ${quoted(expected)}`);
    }
  }
  return undefined;
}

/** The error for a revision that is not spoken here; with those that are, of both eras. */
export function unsupportedVersion(requested: unknown): RpcError {
  const supported = SUPPORTED_REVISIONS;
  return rpcError(
    ErrorCode.UnsupportedVersion,
    `Unsupported protocol version: ${String(requested).slice(0, MAX_QUOTED)}; supported are ${supported.join(', ')}`,
    { supported, requested },
  );
}

function versionMismatch(protocolVersion: string, header: unknown): string | undefined {
  if (typeof header !== 'string') return 'the header MCP-Protocol-Version is missing';
  return header === protocolVersion
    ? undefined
    : `MCP-Protocol-Version header value ${quoted(header)} does not match body value ${quoted(protocolVersion)}`;
}

function standardHeaderFault(
  method: string,
  params: Params | undefined,
  headers: IncomingHttpHeaders,
): string | undefined {
  const methodHeader = headers['mcp-method'];
  if (typeof methodHeader !== 'string') return 'the header Mcp-Method is missing';
  if (methodHeader !== method) {
    return `Mcp-Method header value ${quoted(methodHeader)} does not match body value ${quoted(method)}`;
  }
  if (!Object.hasOwn(NAME_SOURCE, method)) return undefined;
  const value = params?.[NAME_SOURCE[method]!];
  // without it in the body the method itself says what is wrong
  if (typeof value !== 'string') return undefined;
  const nameHeader = headers['mcp-name'];
  if (typeof nameHeader !== 'string') return 'the header Mcp-Name is missing';
  const decoded = decodeHeaderValue(nameHeader);
  if (decoded === undefined) return 'the header Mcp-Name is not valid Base64 of UTF-8';
  return decoded === value
    ? undefined
    : `Mcp-Name header value ${quoted(decoded)} does not match body value ${quoted(value)}`;
}

function sameValue(header: string, body: string, type: string): boolean {
  if (header === body) return true;
  const numeric = type === 'integer' || type === 'number';
  return numeric && DECIMAL.test(header) && Number(header) === Number(body);
}

function implementation(info: Readonly<Record<string, unknown>>): { name: string; version: string } {
  const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, MAX_NAME) : 'unknown');
  return { ...info, name: text(info['name']), version: text(info['version']) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, MAX_QUOTED));
}

function refused(code: number, message: string): StatelessRequest {
  return { ok: false, error: rpcError(code, message) };
}

function mismatch(what: string): StatelessRequest {
  return { ok: false, error: headerMismatch(what) };
}

function headerMismatch(what: string): RpcError {
  return rpcError(ErrorCode.HeaderMismatch, `Header mismatch: ${what}`);
}
