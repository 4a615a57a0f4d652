import { STATUS_CODES, type ServerResponse } from 'node:http';

/** Answers with a problem (RFC 9457), for what does not pass through Nest. One that is 503 says that it may be repeated. */
export function sendProblem(
  response: ServerResponse,
  status: number,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  const retryable = status === 503 ? { retryable: true } : {};
  const problem = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, ...retryable };
  const text = JSON.stringify(problem);
  response.writeHead(status, {
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}
