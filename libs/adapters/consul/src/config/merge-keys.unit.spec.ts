import { describe, expect, it } from 'vitest';
import { mergeKeys } from './merge-keys.js';

const merge = (keys: Record<string, string>) =>
  mergeKeys(
    'signalbox/config',
    Object.entries(keys).map(([key, Value]) => ({ Key: `signalbox/${key}`, Value, LockIndex: 0 })),
  );

describe('the configuration in Consul', () => {
  it('is nothing without keys', () => {
    expect(merge({})).toBeUndefined();
    expect(merge({ 'config-other': '{"a":1}', 'config/': '' })).toBeUndefined();
  });

  it('is the JSON of the prefix', () => {
    expect(merge({ config: '{"mcpServers":{"a":{}}}' })).toEqual({ mcpServers: { a: {} } });
  });

  it('has single settings by their path, deeper ones stronger, text where no JSON is', () => {
    const keys = {
      'config/signalbox/gateway/port': '3100',
      'config/signalbox/gateway': '{"port":1,"title":"x"}',
      'config/signalbox/log/level': 'debug',
      config: '{"signalbox":{"profile":"embedded","log":{"level":"info","pretty":true}}}',
    };
    expect(merge(keys)).toEqual({
      signalbox: { profile: 'embedded', log: { level: 'debug', pretty: true }, gateway: { port: 3100, title: 'x' } },
    });
  });

  it.each([
    [{ config: '[]' }, /signalbox\/config in Consul: is not a JSON object/],
    [{ config: 'text' }, /not a JSON object/],
    [{ 'config/a': '1', 'config/a/b': '2' }, /config\/a\/b in Consul: would be put into "a"/],
    [{ 'config/a': JSON.stringify('x'.repeat(1_100_000)) }, /at most 1048576/],
  ])('refuses %j', (keys, reason) => {
    expect(() => merge(keys as Record<string, string>)).toThrow(reason);
  });

  it('does not reach beyond its own object', () => {
    const merged = merge({ 'config/__proto__/polluted': 'true' })!;
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(JSON.stringify(merged)).toBe('{"__proto__":{"polluted":true}}');
  });
});
