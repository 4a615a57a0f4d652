import type { ServiceInstance } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { fromMeta, toMeta } from './instance-meta.js';

const instance: ServiceInstance = {
  id: 'gateway-1',
  serviceName: 'gateway',
  host: '127.0.0.1',
  port: 3000,
  status: 'UP',
  role: 'worker',
  capacity: { maxConcurrentRequests: 10, currentLoad: 0 },
  features: ['tools'],
  tags: ['mcp'],
  metadata: {},
  registrationTime: 1,
  lastUpdateTime: 2,
};
const documentOf = ({ id: _id, serviceName: _name, host: _host, port: _port, ...document }: ServiceInstance) =>
  document;

describe('an instance in the metadata of a service', () => {
  it.each([0, 1, 300, 500, 5_000])('comes back with %i characters of all kinds in it', (length) => {
    const large = { ...instance, metadata: { ü: '🚂é\u2028"\\\u007f'.repeat(length / 8), constructor: 'x' } };
    const meta = toMeta(large, 'r1');
    expect(Object.values(meta).every((value) => Buffer.byteLength(value) <= 512)).toBe(true);
    expect(Object.keys(meta).length).toBeLessThanOrEqual(64);
    expect(fromMeta(meta)).toEqual({ document: documentOf(large), revision: 'r1' });
  });

  it('is refused when it does not fit', () => {
    const large = { ...instance, metadata: { a: 'x'.repeat(40_000) } };
    expect(() => toMeta(large, 'r1')).toThrow(/gateway-1 take 40\d+ bytes; Consul has room for 30720/);
  });

  it('is not made of what others or faults left there', () => {
    const meta = toMeta(instance, 'r1');
    expect(fromMeta(null)).toBeUndefined();
    expect(fromMeta({ version: '1' })).toBeUndefined();
    expect(fromMeta({ ...meta, 'signalbox-0': '{"status":' })).toBeUndefined();
    expect(fromMeta({ ...meta, 'signalbox-0': '{"status":"SLEEPING"}' })).toBeUndefined();
  });
});
