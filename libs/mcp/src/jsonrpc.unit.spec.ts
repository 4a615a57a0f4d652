import { describe, expect, it } from 'vitest';
import {
  classifyMessage,
  ErrorCode,
  failureText,
  notificationText,
  requestText,
  rpcError,
  successText,
} from './jsonrpc.js';

describe('classifyMessage', () => {
  it.each([
    [{ jsonrpc: '2.0', id: 1, method: 'ping' }, 'request'],
    [{ jsonrpc: '2.0', id: 'a', method: 'tools/call', params: { name: 'x' }, extra: true }, 'request'],
    [{ jsonrpc: '2.0', id: 0, method: 'ping' }, 'request'],
    [{ jsonrpc: '2.0', method: 'notifications/initialized' }, 'notification'],
    [{ jsonrpc: '2.0', id: 1, result: {} }, 'response'],
    [{ jsonrpc: '2.0', id: 1, error: { code: -1, message: 'no' } }, 'response'],
    [{ jsonrpc: '2.0', id: null, error: { code: -1, message: 'no' } }, 'response'],
  ])('%j is a %s', (message, kind) => {
    const classified = classifyMessage(message);
    expect(classified.kind).toBe(kind);
    expect(classified).toHaveProperty('message', message);
  });

  it.each([
    [[{ jsonrpc: '2.0', id: 1, method: 'ping' }], null, /batch/],
    ['text', null, /JSON object/],
    [null, null, /JSON object/],
    [{ id: 7, method: 'ping' }, 7, /"jsonrpc"/],
    [{ jsonrpc: '2.0', id: 7, method: 5 }, 7, /"method"/],
    [{ jsonrpc: '2.0', id: 7, method: '' }, 7, /"method"/],
    [{ jsonrpc: '2.0', id: null, method: 'ping' }, null, /"id"/],
    [{ jsonrpc: '2.0', id: 1.5, method: 'ping' }, null, /"id"/],
    [{ jsonrpc: '2.0', id: 7, method: 'ping', params: [1] }, 7, /"params"/],
    [{ jsonrpc: '2.0', id: 7, method: 'ping', params: null }, 7, /"params"/],
    [{ jsonrpc: '2.0', id: 7 }, 7, /neither/],
    [{ jsonrpc: '2.0', id: 7, result: {}, error: { code: 1, message: 'x' } }, 7, /either/],
    [{ jsonrpc: '2.0', id: 7, error: { code: 'x' } }, 7, /"error"/],
    [{ jsonrpc: '2.0', id: null, result: {} }, null, /"id"/],
  ])('%j is invalid', (message, id, reason) => {
    expect(classifyMessage(message)).toEqual({ kind: 'invalid', id, reason: expect.stringMatching(reason) });
  });
});

describe('message texts', () => {
  it('are what JSON.stringify makes of the message', () => {
    expect(JSON.parse(requestText(3, 'tools/call', { name: 'a"b' }))).toEqual({
      jsonrpc: '2.0',
      id: 3,
      method: 'tools/call',
      params: { name: 'a"b' },
    });
    expect(requestText('x', 'ping', undefined)).toBe('{"jsonrpc":"2.0","id":"x","method":"ping"}');
    expect(notificationText('notifications/initialized', undefined)).toBe(
      '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    );
    expect(successText(1, undefined)).toBe('{"jsonrpc":"2.0","id":1,"result":{}}');
    expect(failureText(null, rpcError(ErrorCode.ParseError, 'bad'))).toBe(
      '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"bad"}}',
    );
  });
});
