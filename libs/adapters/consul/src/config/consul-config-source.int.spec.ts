import { newId } from '@signalbox/contracts';
import { describeWithServers } from '@signalbox/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ConsulApi } from '../api/consul-api.js';
import { ConsulConfigSource } from './consul-config-source.js';

describeWithServers(['CONSUL_URL'], 'ConsulConfigSource', (url) => {
  const api = new ConsulApi({ url: url! });
  let prefix: string;
  let source: ConsulConfigSource;
  beforeEach(() => {
    prefix = `signalbox-test/${newId()}`;
    source = new ConsulConfigSource({ url: url!, prefix });
  });
  afterEach(async () => {
    await source.close();
    await api.deleteKeys(prefix);
  });

  it('loads nothing, one document, and single settings in it', async () => {
    expect(await source.load()).toBeUndefined();
    await api.setKey(prefix, '{"signalbox":{"profile":"distributed"}}');
    expect(await source.load()).toEqual({ signalbox: { profile: 'distributed' } });
    await api.setKey(`${prefix}/signalbox/gateway/title`, 'größer');
    expect(await source.load()).toEqual({ signalbox: { profile: 'distributed', gateway: { title: 'größer' } } });
    await api.setKey(prefix, 'broken');
    await expect(source.load()).rejects.toMatchObject({
      name: 'ConfigError',
      problems: [{ path: `${prefix} in Consul`, message: 'is not a JSON object' }],
    });
  });

  it('tells the present value, each change, and what cannot be right', async () => {
    const told: unknown[] = [];
    const end = source.watch({
      changed: (value) => told.push(value),
      refused: (error) => told.push(error.message),
      away: (error) => told.push(error),
    });
    const now = (value: unknown) => vi.waitFor(() => expect(told.at(-1)).toEqual(value), { timeout: 20_000 });
    await vi.waitFor(() => expect(told).toEqual([undefined]), { timeout: 20_000 });
    await api.setKey(prefix, '{"a":1}');
    await now({ a: 1 });
    await api.setKey(prefix, 'broken');
    await now(`${prefix} in Consul: is not a JSON object`);
    await api.setKey(prefix, '{"a":2}');
    await now({ a: 2 });
    await api.deleteKeys(prefix);
    await now(undefined);
    end();
  });

  it('says while it watches that Consul does not answer', async () => {
    const away = new ConsulConfigSource({ url: 'http://127.0.0.1:1', prefix });
    const error = await new Promise((resolve) => {
      away.watch({ changed: resolve, refused: resolve, away: resolve });
    });
    await away.close();
    expect(error).toMatchObject({ name: 'ConsulError', retryable: true });
  });

  it('says that Consul does not answer', async () => {
    const away = new ConsulConfigSource({ url: 'http://127.0.0.1:1' });
    await expect(away.load()).rejects.toMatchObject({ name: 'ConsulError', retryable: true, code: 'ECONNREFUSED' });
    expect(() => new ConsulConfigSource({ url: 'consul:8500' })).toThrow(/http:\/\/host:port/);
  });
});
