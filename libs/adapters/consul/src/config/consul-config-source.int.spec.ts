import { newId } from '@signalbox/contracts';
import { describeWithServers } from '@signalbox/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ConsulApi } from '../api/consul-api.js';
import { ConsulConfigSource } from './consul-config-source.js';

describeWithServers(['CONSUL_URL'], 'ConsulConfigSource', (url) => {
  const api = new ConsulApi({ url: url! });
  let prefix: string;
  let source: ConsulConfigSource;
  let errors: unknown[];
  beforeEach(() => {
    errors = [];
    prefix = `signalbox-test/${newId()}`;
    source = new ConsulConfigSource({ url: url!, prefix, onError: (error) => errors.push(error) });
  });
  afterEach(async () => {
    await source.close();
    await api.deleteKeys(prefix);
  });

  it('loads nothing, one document, and single settings in it', async () => {
    expect(await source.load()).toBeUndefined();
    await api.setKey(prefix, '{"signalbox":{"profile":"distributed"}}');
    expect(await source.load()).toBe('{"signalbox":{"profile":"distributed"}}');
    await api.setKey(`${prefix}/signalbox/gateway/title`, 'größer');
    expect(JSON.parse((await source.load())!)).toEqual({
      signalbox: { profile: 'distributed', gateway: { title: 'größer' } },
    });
  });

  it('tells the present text and each change, and keeps what it told when a value is wrong', async () => {
    const told: (string | undefined)[] = [];
    const end = source.watch((text) => told.push(text));
    const now = (text: string | undefined) => vi.waitFor(() => expect(told.at(-1)).toBe(text), { timeout: 5_000 });
    await vi.waitFor(() => expect(told).toEqual([undefined]));
    await api.setKey(prefix, '{"a":1}');
    await now('{"a":1}');
    await api.setKey(prefix, 'broken');
    await vi.waitFor(() => expect(String(errors.at(-1))).toContain('not a JSON object'), { timeout: 5_000 });
    expect(told.at(-1)).toBe('{"a":1}');
    await api.setKey(prefix, '{"a":2}');
    await now('{"a":2}');
    await api.deleteKeys(prefix);
    await now(undefined);
    end();
  });

  it('says that Consul does not answer', async () => {
    const away = new ConsulConfigSource({ url: 'http://127.0.0.1:1' });
    await expect(away.load()).rejects.toMatchObject({ name: 'ConsulError', retryable: true, code: 'ECONNREFUSED' });
    expect(() => new ConsulConfigSource({ url: 'consul:8500' })).toThrow(/http:\/\/host:port/);
  });
});
