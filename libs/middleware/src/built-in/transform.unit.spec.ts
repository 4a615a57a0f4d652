import { describe, expect, it } from 'vitest';
import type { MessageContext, Middleware, MiddlewareHost } from '../api.js';
import { transform } from './transform.js';

const make = (options: object) => transform(options, {} as MiddlewareHost) as Middleware;
const context = (more: Partial<MessageContext> = {}): MessageContext =>
  ({ at: 'gateway', direction: 'to-server', headers: {}, ...more }) as MessageContext;
const onParams = (rule: object, params: Record<string, unknown> | undefined, more?: Partial<MessageContext>) =>
  (make({ request: [rule] }).request!({ method: 'm', params }, context(more)) as { params: unknown }).params;

describe('rules', () => {
  it.each([
    [
      'set, at every place that is found',
      { set: '$.a[*].b', value: 9 },
      { a: [{ b: 1 }, { b: 2 }, {}] },
      { a: [{ b: 9 }, { b: 9 }, { b: 9 }] },
    ],
    [
      'set unless present, at each place',
      { set: '$.a[*].b', value: 9, unlessPresent: true },
      { a: [{ b: 1 }, {}] },
      { a: [{ b: 1 }, { b: 9 }] },
    ],
    ['set of what is found by a filter', { set: '$.a[?@ > 1]', value: 0 }, { a: [1, 2, 3] }, { a: [1, 0, 0] }],
    ['set of what is anywhere', { set: '$..x', value: 0 }, { x: 1, a: { x: 2, y: 3 } }, { x: 0, a: { x: 0, y: 3 } }],
    ['set, made below what is found', { set: '$.a[*].b.c', value: 1 }, { a: [{}] }, { a: [{ b: { c: 1 } }] }],
    ['set, made where it is not', { set: '$.a.b', value: { c: 1 } }, { x: 1 }, { x: 1, a: { b: { c: 1 } } }],
    ['set, where there is nothing at all', { set: '$.a', value: 1 }, undefined, { a: 1 }],
    ['set, not made where something else is in the way', { set: '$.a.b', value: 1 }, { a: 'text' }, { a: 'text' }],
    ['set unless present', { set: '$.a', value: 1, unlessPresent: true }, { a: null }, { a: null }],
    ['set unless present, absent', { set: '$.a', value: 1, unlessPresent: true }, {}, { a: 1 }],
    ['set, not made by a filter', { set: '$.a[?@.x == 1].y', value: 1 }, {}, {}],
    ['remove of array elements', { remove: '$.a[?@ < 3]' }, { a: [1, 5, 2, 7] }, { a: [5, 7] }],
    ['remove, deep', { remove: '$..secret' }, { secret: 1, a: { secret: 2, b: 1 } }, { a: { b: 1 } }],
    ['remove of nothing', { remove: '$.none' }, { a: 1 }, { a: 1 }],
    ['rename, in place', { rename: '$.q', to: 'query' }, { a: 1, q: 2, z: 3 }, { a: 1, query: 2, z: 3 }],
    ['rename over another', { rename: '$.q', to: 'a' }, { a: 1, q: 2 }, { a: 2 }],
    ['own keys only', { set: "$['__proto__'].polluted", value: 1 }, {}, JSON.parse('{"__proto__":{"polluted":1}}')],
  ])('%s', (_what, rule, before, after) => {
    const copy = structuredClone(before);
    const result = onParams(rule, before);
    expect(JSON.stringify(result)).toBe(JSON.stringify(after));
    expect(before).toEqual(copy);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('take a header of the client into _meta', () => {
    const rule = { header: 'X-Tenant', meta: 'example.com/tenant' };
    const headers = { 'x-tenant': 'acme', 'x-other': 'no' };
    expect(onParams(rule, { _meta: { progressToken: 1 } }, { headers })).toEqual({
      _meta: { progressToken: 1, 'example.com/tenant': 'acme' },
    });
    expect(onParams(rule, { a: 1 })).toEqual({ a: 1 });
  });

  it('apply one after the other', () => {
    const { request } = make({ request: [{ rename: '$.a', to: 'b' }, { set: '$.b.c', value: 2 }, { remove: '$.x' }] });
    expect(request!({ method: 'm', params: { a: {}, x: 1 } }, context())).toEqual({ params: { b: { c: 2 } } });
  });
});

describe('what it is for', () => {
  it('is the names and servers that it is given', () => {
    const { request } = make({ names: ['files__*'], servers: ['files'], request: [{ set: '$.x', value: 1 }] });
    const run = (name: string, server: string | undefined) =>
      request!({ method: 'tools/call', params: { name } }, context({ server }));
    expect(run('files__read', 'files')).toEqual({ params: { name: 'files__read', x: 1 } });
    expect(run('files__read', 'other')).toBeUndefined();
    expect(run('files__read', undefined)).toBeUndefined();
    expect(run('web__get', 'files')).toBeUndefined();
  });

  it('is results, and never errors', () => {
    const { response, request, notification } = make({ response: [{ remove: '$.content[*].annotations' }] });
    expect([request, notification]).toEqual([undefined, undefined]);
    const message = { method: 'm', params: {} };
    const result = { content: [{ type: 'text', annotations: {} }] };
    expect(response!({ result }, message, context())).toEqual({ result: { content: [{ type: 'text' }] } });
    expect(response!({ error: { code: 1, message: 'x' } }, message, context())).toBeUndefined();
  });

  it('is notifications', () => {
    const { notification } = make({ notification: [{ set: '$.data', value: 'hidden' }] });
    expect(notification!({ method: 'notifications/message', params: { data: 'x' } }, context())).toEqual({
      params: { data: 'hidden' },
    });
  });
});

it.each([
  [{ request: [{ remove: '$[' }] }, /^options\.request\[0\]/],
  [{ request: [{ move: '$.a' }] }, /must be \{"set"/],
  [{ request: [{ header: 'a b', meta: 'x' }] }, /^options\.request\[0\]/],
  [{ requests: [] }, /requests/],
])('names what is wrong: %j', (options, message) => {
  expect(() => make(options)).toThrow(message);
});
