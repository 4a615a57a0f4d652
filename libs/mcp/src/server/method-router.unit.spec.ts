import { describe, expect, it } from 'vitest';
import { MethodRouter, type McpRequest, type Outcome } from './method-router.js';

const request = (method: string): McpRequest<string> => ({
  id: 1,
  method,
  params: undefined,
  caller: 'me',
  channel: { notify: () => undefined, ask: async () => ({ result: {} }), onCancelled: () => undefined },
  bytes: 1,
});
const router = (): MethodRouter<string> => new MethodRouter<string>(() => ({ result: 'fallback' }));

describe('MethodRouter', () => {
  it('hands a request to its method, and others to the fallback', () => {
    const routes = router().route('a', ({ caller }) => ({ result: caller }));
    expect(routes.handle(request('a'))).toEqual({ result: 'me' });
    expect(routes.handle(request('b'))).toEqual({ result: 'fallback' });
    expect(() => routes.route('a', () => ({ result: 1 }))).toThrow('a has a handler already');
  });

  it('passes middleware in order, each for its methods, also what is added after the first request', () => {
    const seen: string[] = [];
    const layer =
      (name: string) => (one: McpRequest<string>, next: (one: McpRequest<string>) => Outcome | Promise<Outcome>) => {
        seen.push(name);
        return next(one);
      };
    const routes = router().route('a', () => ({ result: 1 }));
    routes.use(layer('all')).use(layer('only-b'), ['b']);
    routes.handle(request('a'));
    routes.use(layer('last'));
    routes.handle(request('a'));
    routes.handle(request('unknown'));
    expect(seen).toEqual(['all', 'all', 'last', 'all', 'last']);
  });

  it('asks for the middleware of a method once, and once for all that have no route', () => {
    const asked: (string | undefined)[] = [];
    const routes = router()
      .route('a', () => ({ result: 1 }))
      .useFor((method) => {
        asked.push(method);
        return method === 'a' ? () => ({ result: 'changed' }) : undefined;
      });
    for (const method of ['a', 'a', 'unknown', 'other']) routes.handle(request(method));
    expect(asked).toEqual(['a', undefined]);
    expect(routes.handle(request('a'))).toEqual({ result: 'changed' });
    expect(routes.handle(request('unknown'))).toEqual({ result: 'fallback' });
  });

  it('lets middleware answer by itself, and change the request', () => {
    const routes = router()
      .route('a', ({ caller }) => ({ result: caller }))
      .use((one, next) => (one.id === 2 ? { resultText: '{}' } : next({ ...one, caller: 'other' })));
    expect(routes.handle(request('a'))).toEqual({ result: 'other' });
    expect(routes.handle({ ...request('a'), id: 2 })).toEqual({ resultText: '{}' });
  });
});
