import { describe, expect, it } from 'vitest';
import type { MessageContext, Middleware } from './api.js';
import { MiddlewareChains } from './chain.js';
import { namePattern } from './method-pattern.js';

const context: MessageContext = {
  at: 'gateway',
  direction: 'to-server',
  principal: 'p',
  sessionId: undefined,
  server: undefined,
  headers: {},
};

function setUp(...middleware: (Middleware & { readonly for?: string; readonly timeoutMs?: number })[]) {
  const faults: string[] = [];
  const layers = middleware.map((one, index) => ({
    name: `m${index}`,
    middleware: one,
    matches: namePattern([one.for ?? '*']),
    timeoutMs: one.timeoutMs ?? 5_000,
  }));
  const chains = new MiddlewareChains(layers, ({ middleware: name, error }) =>
    faults.push(`${name}: ${String(error)}`),
  );
  const handled: unknown[] = [];
  const send = (method: string, params?: Record<string, unknown>) => {
    const chain = chains.request(method);
    return chain?.({ method, params }, context, (message) => {
      handled.push(message.params);
      return { result: 'handled' };
    });
  };
  return { chains, faults, handled, send };
}

describe('requests', () => {
  it('meet the middleware in order, and their outcomes in the other; what is changed goes on', () => {
    const seen: string[] = [];
    const tracing = (name: string): Middleware => ({
      request: ({ params }) => (seen.push(`${name} >`), { params: { ...params, [name]: true } }),
      response: (outcome) => (seen.push(`< ${name}`), { result: `${name}(${(outcome as { result: string }).result})` }),
    });
    const { handled, send } = setUp(tracing('a'), tracing('b'));
    expect(send('x', { own: 1 })).toEqual({ result: 'a(b(handled))' });
    expect(handled).toEqual([{ own: 1, a: true, b: true }]);
    expect(seen).toEqual(['a >', 'b >', '< b', '< a']);
  });

  it('stay as they are when middleware returns nothing, and nothing is waited for', () => {
    const { handled, send } = setUp({ request: () => undefined, response: () => undefined });
    const params = { own: 1 };
    expect(send('x', params)).toEqual({ result: 'handled' });
    expect(handled[0]).toBe(params);
  });

  it('may be answered by middleware: what is further in does not see them, what is further out sees the answer', async () => {
    const inner = { request: () => expect.unreachable() };
    const { handled, send } = setUp(
      { response: async (outcome) => ({ result: [outcome] }) },
      { request: async () => ({ answer: { error: { code: 1, message: 'no' } } }) },
      inner,
    );
    expect(await send('x')).toEqual({ result: [{ error: { code: 1, message: 'no' } }] });
    expect(handled).toEqual([]);
  });

  it('pass by what is for other methods, at no cost when that is all there is', () => {
    const { chains, send } = setUp({ for: 'tools/*', response: () => ({ result: 'changed' }) });
    expect(send('tools/call')).toEqual({ result: 'changed' });
    expect(chains.request('prompts/get')).toBeUndefined();
    expect(chains.request('tools')).toBeUndefined();
  });

  it.each<[string, Middleware]>([
    [
      'throws',
      {
        request: () => {
          throw new Error('oops');
        },
      },
    ],
    ['rejects', { request: () => Promise.reject(new Error('oops')) }],
    [
      'throws late',
      {
        response: () => {
          throw new Error('oops');
        },
      },
    ],
    ['rejects late', { response: () => Promise.reject(new Error('oops')) }],
  ])('fail by name when middleware %s; what is further out sees it', async (_how, broken) => {
    const { faults, send } = setUp({ response: (outcome) => ({ result: outcome }) }, broken);
    const error = { code: -32603, message: 'Middleware "m1" failed', data: { retryable: false } };
    expect(await send('x')).toEqual({ result: { error } });
    expect(faults).toEqual(['m1: Error: oops']);
  });

  it('do not wait for middleware for ever', async () => {
    const { faults, send } = setUp({ timeoutMs: 1, request: () => new Promise(() => undefined) });
    expect(await send('x')).toMatchObject({ error: { message: 'Middleware "m0" failed' } });
    expect(faults).toEqual(['m0: Error: took longer than 1 ms']);
  });
});

describe('notifications', () => {
  it('meet the middleware from the inside out, and may be changed and dropped', () => {
    const { chains, faults } = setUp(
      { notification: ({ params }) => (params?.['secret'] ? 'drop' : undefined) },
      {
        notification: () => {
          throw new Error('oops');
        },
      },
      { notification: ({ params }) => ({ params: { ...params, seen: true } }) },
    );
    const pass = (params: Record<string, unknown>) => chains.notification('n')!({ method: 'n', params }, context);
    expect(pass({ a: 1 })).toEqual({ method: 'n', params: { a: 1, seen: true } });
    expect(pass({ secret: 1 })).toBeUndefined();
    expect(faults).toHaveLength(2);
    expect(chains.seesTheWayBack).toBe(true);
  });

  it('of a name that middleware is not for have no chain', () => {
    expect(setUp({ for: 'a', notification: () => 'drop' }).chains.notification('b')).toBeUndefined();
  });
});

it.each([
  ['tools/*', false],
  ['*', true],
  ['roots/list', true],
])('middleware for requests named %s is for what servers ask: %s', (pattern, expected) => {
  expect(setUp({ for: pattern, request: () => undefined }).chains.seesTheWayBack).toBe(expected);
});

describe('namePattern', () => {
  it.each([
    ['tools/*', 'tools/call', true],
    ['tools/*', 'xtools/call', false],
    ['*/list', 'resources/templates/list', true],
    ['a.c', 'abc', false],
    ['*', 'anything', true],
    ['a**b', 'ab', true],
  ])('%s on %s is %s', (pattern, name, expected) => {
    expect(namePattern([pattern])(name)).toBe(expected);
  });
});
