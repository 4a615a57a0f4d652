import { describe, expect, it } from 'vitest';
import { planRollback } from './plan-rollback.js';
import { isSameValue } from './same-value.js';

describe('a rollback', () => {
  it('puts back what is different, and nothing else', () => {
    const base = { mcpServers: { a: { command: 'new', args: ['1'] }, b: { url: 'http://b' } }, signalbox: { x: 1 } };
    const target = { mcpServers: { a: { command: 'old', args: ['1'] } }, signalbox: { x: 1, y: { z: [2] } } };
    expect(planRollback(base, target)).toEqual({
      overlay: [
        { path: ['mcpServers', 'a', 'command'], value: 'old', base: 'new' },
        { path: ['mcpServers', 'b'], base: { url: 'http://b' } },
        { path: ['signalbox', 'y'], value: { z: [2] } },
      ],
      lost: [],
    });
    expect(planRollback(target, target)).toEqual({ overlay: [], lost: [] });
  });

  it('leaves a secret as it is now, and says which ones nobody knows any more', () => {
    const entry = (env: object) => ({ mcpServers: { a: { command: 'x', env } } });
    expect(planRollback(entry({ KEY: 'new secret' }), entry({ KEY: '***' }))).toEqual({ overlay: [], lost: [] });
    expect(planRollback(entry({}), entry({ KEY: '***' })).lost).toEqual(['mcpServers.a.env.KEY']);
    expect(planRollback({ mcpServers: {} }, entry({ KEY: '***' })).lost).toEqual(['mcpServers.a']);
    expect(planRollback({ mcpServers: {} }, entry({ KEY: '${KEY}' }))).toMatchObject({
      overlay: [{ value: { env: { KEY: '${KEY}' } } }],
      lost: [],
    });
  });

  it('never has a secret in it', () => {
    const base = { mcpServers: { a: { command: 'x', env: { KEY: 'geheim' }, args: ['--token', 'geheim'] } } };
    expect(JSON.stringify(planRollback(base, { mcpServers: {} }))).not.toContain('geheim');
  });
});

describe('isSameValue', () => {
  it.each([
    [{ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 }, true],
    [{ a: 1, b: undefined }, { a: 1 }, true],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [[1, 2], [2, 1], false],
    [[], {}, false],
    [null, {}, false],
    ['1', 1, false],
  ])('%j and %j: %s', (one, other, same) => {
    expect(isSameValue(one, other)).toBe(same);
    expect(isSameValue(other, one)).toBe(same);
  });
});
