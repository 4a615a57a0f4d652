// The floor: an HTTP hop on raw node:http and undici dispatch that parses the body and forwards it. No log, no routing.
import { createServer } from 'node:http';
import { Pool } from 'undici';

const [port, target] = process.argv.slice(2);
const { origin, pathname } = new URL(target);
const pool = new Pool(origin, { connections: 64, pipelining: 1 });

createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    if (body.length > 0) JSON.parse(body);
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
          response.writeHead(status, out);
          response.end(bytes);
        },
        onResponseError() {
          if (!response.headersSent) response.writeHead(502);
          response.end();
        },
      },
    );
  });
}).listen(Number(port), '127.0.0.1');
