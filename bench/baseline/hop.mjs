// The floor: an HTTP hop on raw node:http and undici dispatch that parses the body and forwards it. No log, no routing.
import { createServer } from 'node:http';
import { Pool } from 'undici';
import { forward } from './forward.mjs';

const [port, url] = process.argv.slice(2);
const { origin, pathname } = new URL(url);
const target = { pool: new Pool(origin, { connections: 64, pipelining: 1 }), pathname };

createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    if (body.length > 0) JSON.parse(body);
    forward(target, request, response, body);
  });
}).listen(Number(port), '127.0.0.1');
