import {
  classifyMessage,
  ErrorCode,
  isJsonContent,
  readAccept,
  readBody,
  rpcError,
  type Accepted,
} from '@signalbox/mcp';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingPost } from './incoming.js';
import { refuse } from './refuse.js';

export interface ReadPost {
  readonly message: IncomingPost['message'];
  readonly bytes: number;
  readonly accepted: Accepted;
}

const NOT_READ = ErrorCode.ConnectionClosed;
/** How long a body that is too large is read on before the connection ends. */
const LINGER_MS = 2_000;

/** Reads a POSTed message. Calls back only for a well-formed one: all others are answered here. */
export function readPost(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
  done: (post: ReadPost) => void,
): void {
  const { headers } = request;
  if (!isJsonContent(headers['content-type'])) {
    return refuse(response, 415, rpcError(NOT_READ, 'Content-Type must be application/json'));
  }
  const accepted = readAccept(headers.accept);
  if (!accepted.json && !accepted.stream) {
    const message = 'Accept must have application/json or text/event-stream, better both';
    return refuse(response, 406, rpcError(NOT_READ, message));
  }
  readBody(request, maxBytes, (result) => {
    if (!result.ok) {
      if (result.reason === 'aborted') return;
      const error = rpcError(NOT_READ, `The body is too large: at most ${maxBytes} bytes are allowed`);
      return whenHeard(request, response, () => refuse(response, 413, error));
    }
    let value: unknown;
    try {
      value = JSON.parse(result.body.toString('utf8'));
    } catch {
      return refuse(response, 400, rpcError(ErrorCode.ParseError, 'Parse error: the body is not JSON'));
    }
    const message = classifyMessage(value);
    if (message.kind !== 'invalid') return done({ message, bytes: result.body.length, accepted });
    refuse(response, 400, rpcError(ErrorCode.InvalidRequest, `Invalid request: ${message.reason}`), message.id);
  });
}

/**
 * Calls back when an answer will be heard. A connection that ends with the answer would be reset while the client still
 * writes, and the client would see a broken connection instead of the answer; so what it writes is taken first, for a while.
 */
function whenHeard(request: IncomingMessage, response: ServerResponse, answer: () => void): void {
  if (response.shouldKeepAlive || request.complete) return answer();
  const timer = setTimeout(done, LINGER_MS);
  request.once('end', done).resume();
  function done(): void {
    clearTimeout(timer);
    request.off('end', done);
    answer();
  }
}
