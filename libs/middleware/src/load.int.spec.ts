import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MiddlewareHost } from './api.js';
import { transform } from './built-in/transform.js';
import { parseMiddleware } from './entry.js';
import { loadMiddleware } from './load.js';

let folder: string;
const modules = {
  'good.mjs': `export default (options, { at }) => ({ request: () => ({ params: { options, at } }) });`,
  'object.mjs': `export default { notification: () => 'drop' };`,
  'throws.mjs': `export default () => { throw new Error('needs a colour'); };`,
  'nothing.mjs': `export const x = 1;`,
  'empty.mjs': `export default () => ({});`,
  'broken.mjs': `export default (`,
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-middleware-'));
  for (const [name, text] of Object.entries(modules)) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

const host: MiddlewareHost = {
  at: 'gateway',
  instanceId: 'gateway-1',
  log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  redact: (value) => value,
  now: () => 0,
};
const load = (section: unknown) =>
  loadMiddleware(parseMiddleware(section), {
    configPath: join(folder, 'signalbox.json'),
    host,
    builtIns: { 'signalbox:transform': transform },
  });

describe('middleware of the configuration', () => {
  it('is loaded from files beside it, in its order, for its place', async () => {
    const layers = await load([
      { module: './object.mjs', order: 5 },
      { module: './good.mjs', at: 'executor' },
      { module: 'good.mjs', name: 'second', options: { a: 1 }, methods: ['tools/*'] },
      { module: './object.mjs', name: 'off', enabled: false },
      { module: join(folder, 'object.mjs'), name: 'first', order: -1 },
    ]);
    expect(layers.map(({ name }) => name)).toEqual(['first', 'second', './object.mjs']);
    const context = {} as never;
    expect(await layers[1]!.middleware.request!({ method: 'x', params: {} }, context)).toEqual({
      params: { options: { a: 1 }, at: 'gateway' },
    });
    expect([layers[1]!.matches('tools/call'), layers[1]!.matches('ping')]).toEqual([true, false]);
  });

  it.each([
    [[{ module: './none.mjs' }], /signalbox\.middleware\[0\]\.module: ".*none\.mjs" does not exist/],
    [
      [{ module: './good.mjs' }, { module: './broken.mjs' }],
      /middleware\[1\]\.module: ".*broken\.mjs" cannot be loaded: /,
    ],
    [[{ module: './nothing.mjs' }], /middleware\[0\]\.module: ".*nothing\.mjs" needs a default export/],
    [
      [{ module: './empty.mjs' }],
      /"\.\/empty\.mjs" must make an object with a function request, response, notification/,
    ],
    [[{ module: './throws.mjs' }], /middleware\[0\]\.options: "\.\/throws\.mjs" refuses them: needs a colour/],
    [[{ module: 'signalbox:none' }], /"signalbox:none" is not built into the gateway; there are signalbox:transform/],
    [
      [{ module: 'signalbox:transform', options: { request: [{ set: 'no path', value: 1 }] } }],
      /signalbox\.middleware\[0\]\.options\.request\[0\]/,
    ],
    [[{ module: 'signalbox:transform' }], /middleware\[0\]\.options: needs at least one rule/],
  ])('that is wrong is named: %j', async (section, message) => {
    await expect(load(section)).rejects.toThrow(message);
  });

  it.each([
    [[{}], 'signalbox.middleware[0].module: '],
    [[{ module: 'x', methods: ['a b'] }], 'signalbox.middleware[0].methods[0]: must be a method'],
    [[{ module: 'x', at: 'monitor' }], 'signalbox.middleware[0].at: '],
    [{}, 'signalbox.middleware: '],
  ])('of a wrong form is refused: %j', (section, message) => {
    expect(() => parseMiddleware(section)).toThrow(message);
  });
});
