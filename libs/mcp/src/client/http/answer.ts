import { classifyMessage, type RpcMessage } from '../../jsonrpc.js';
import { UpstreamClosedError, UpstreamProtocolError } from '../errors.js';

export const SESSION_EXPIRED = 'session expired';

/** Reads JSON text as one JSON-RPC message, or says what is wrong with it. */
export function readMessage(text: string): RpcMessage | UpstreamProtocolError {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return new UpstreamProtocolError(`the server's answer is not JSON: ${excerpt(text)}`);
  }
  const classified = classifyMessage(value);
  return classified.kind === 'invalid'
    ? new UpstreamProtocolError(`the server's answer is not JSON-RPC: ${classified.reason}`)
    : classified.message;
}

/**
 * What an HTTP answer without a stream comes to: the JSON-RPC message in it, or the error that it stands for.
 * @param hasSession whether the request named a session: a 404 then means that the server has forgotten it, and did nothing
 */
export function readAnswer(status: number, text: string, hasSession: boolean): RpcMessage | Error {
  if (status === 200) return readMessage(text);
  const message = status >= 400 ? readMessage(text) : undefined;
  const error = message && 'error' in message ? message.error : undefined;
  if (hasSession && isSessionGone(status, error)) return new UpstreamClosedError(SESSION_EXPIRED, false);
  if (message && error) return message as RpcMessage;
  const hint = status === 401 ? ' (it wants authorization: add "auth", or the header, to its entry)' : '';
  return new UpstreamProtocolError(
    `the server answered HTTP ${status}${hint}${text === '' ? '' : `: ${excerpt(text)}`}`,
    status,
  );
}

function isSessionGone(status: number, error: { code: number; message: string } | undefined): boolean {
  if (status === 404) return error?.code !== -32601;
  // servers made from the SDK's examples answer an unknown session with this
  return status === 400 && error?.code === -32000 && /session/i.test(error.message);
}

function excerpt(text: string): string {
  return text.slice(0, 200);
}
