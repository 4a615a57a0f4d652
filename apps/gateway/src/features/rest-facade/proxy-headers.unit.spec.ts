import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { forwardHeaders, returnHeaders } from './proxy-headers.js';

const request = (headers: Record<string, string>): IncomingMessage =>
  ({ headers, socket: { remoteAddress: '127.0.0.9' } }) as unknown as IncomingMessage;

describe('forwardHeaders', () => {
  it('keeps what is for the other end, and says who asks', () => {
    const headers = {
      'content-type': 'application/json',
      'if-match': '"3"',
      traceparent: 'x',
      host: 'localhost:3000',
      authorization: 'Bearer secret',
      connection: 'close, X-Mine',
      'x-mine': '1',
      'transfer-encoding': 'chunked',
      'x-signalbox-principal': 'root',
    };
    expect(forwardHeaders(request(headers), 'änn')).toEqual({
      'content-type': 'application/json',
      'if-match': '"3"',
      traceparent: 'x',
      'x-signalbox-principal': '%C3%A4nn',
      'x-forwarded-for': '127.0.0.9',
    });
  });
});

describe('returnHeaders', () => {
  it('drops what is about the connection behind', () => {
    expect(
      returnHeaders({ etag: '"1"', 'keep-alive': 'timeout=5', connection: 'keep-alive', none: undefined }),
    ).toEqual({
      etag: '"1"',
    });
  });
});
