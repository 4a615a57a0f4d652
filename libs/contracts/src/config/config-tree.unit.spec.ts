import { describe, expect, it } from 'vitest';
import { isWithin, joinPath, valueAt, withValueAt } from './config-tree.js';
import { isLiveSetting } from './live-settings.js';

describe('the configuration as a tree', () => {
  it('reads, puts and takes away by path, and leaves the original as it is', () => {
    const tree = { a: { b: 1, c: [1] } };
    expect(valueAt(tree, ['a', 'b'])).toBe(1);
    expect([valueAt(tree, ['a', 'x', 'y']), valueAt(tree, ['toString'])]).toEqual([undefined, undefined]);
    expect(withValueAt(tree, ['a', 'b'], 2)).toEqual({ a: { b: 2, c: [1] } });
    expect(withValueAt(tree, ['n', 'm'], 3)).toEqual({ a: { b: 1, c: [1] }, n: { m: 3 } });
    expect(withValueAt(tree, ['a', 'b'], undefined)).toEqual({ a: { c: [1] } });
    expect(withValueAt(tree, ['n', 'm'], undefined)).toEqual(tree);
    expect(tree).toEqual({ a: { b: 1, c: [1] } });
  });

  it('does not reach beyond its own object', () => {
    const put = withValueAt({}, ['__proto__', 'polluted'], true);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(JSON.stringify(put)).toBe('{"__proto__":{"polluted":true}}');
  });

  it('writes paths as the messages do, and knows what lies below them', () => {
    expect(joinPath('mcpServers', ['a b', 'args', 1])).toBe('mcpServers["a b"].args[1]');
    expect(isWithin('mcpServers.a.url', 'mcpServers.a')).toBe(true);
    expect(isWithin('mcpServers["a b"]', 'mcpServers')).toBe(true);
    expect(isWithin('mcpServers.ab', 'mcpServers.a')).toBe(false);
  });

  it('tells what is applied while running from what waits for a restart', () => {
    expect(isLiveSetting('mcpServers.github.url')).toBe(true);
    expect(isLiveSetting('signalbox.logging.level')).toBe(true);
    expect(isLiveSetting('signalbox.logging.format')).toBe(false);
    expect(isLiveSetting('signalbox.storage')).toBe(false);
  });
});
