/**
 * Sends a request on to the target by undici dispatch, and its answer back.
 * @param {(bytes: Buffer, send: () => void) => void} [answered] sends the answer when it is done with it
 */
export function forward({ pool, pathname }, request, response, body, answered) {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  if (request.headers['mcp-session-id']) headers['mcp-session-id'] = request.headers['mcp-session-id'];
  const answer = [];
  let status = 502;
  let type;
  let session;
  pool.dispatch(
    { path: pathname, method: request.method, headers, body },
    {
      onRequestStart() {},
      onResponseStart(_controller, code, answerHeaders) {
        status = code;
        type = answerHeaders['content-type'];
        session = answerHeaders['mcp-session-id'];
      },
      onResponseData(_controller, chunk) {
        answer.push(chunk);
      },
      onResponseEnd() {
        const bytes = answer.length === 1 ? answer[0] : Buffer.concat(answer);
        const out = { 'content-length': bytes.length };
        if (type) out['content-type'] = type;
        if (session) out['mcp-session-id'] = session;
        const send = () => {
          response.writeHead(status, out);
          response.end(bytes);
        };
        if (answered) answered(bytes, send);
        else send();
      },
      onResponseError() {
        if (!response.headersSent) response.writeHead(502);
        response.end();
      },
    },
  );
}
