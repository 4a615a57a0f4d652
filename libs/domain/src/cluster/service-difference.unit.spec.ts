import type { ServiceInstance } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { serviceDifference } from './index.js';

const painter: ServiceInstance = {
  id: 'p',
  serviceName: 'painter',
  host: '10.0.0.1',
  port: 1,
  status: 'UP',
  role: 'worker',
  capacity: { maxConcurrentRequests: 10, currentLoad: 0 },
  features: ['oil', 'ink'],
  tags: ['mcp'],
  metadata: { zone: 'a', rack: '1' },
  registrationTime: 1,
  lastUpdateTime: 1,
};

describe('what is told of an instance', () => {
  it.each<[string, ServiceInstance | undefined, ServiceInstance | undefined, object | undefined]>([
    ['that came', undefined, painter, { type: 'service.registered', data: { instance: painter } }],
    [
      'that went',
      painter,
      undefined,
      { type: 'service.deregistered', data: { instanceId: 'p', serviceName: 'painter' } },
    ],
    ['that was never there', undefined, undefined, undefined],
    [
      'that is down',
      painter,
      { ...painter, status: 'DOWN' },
      { type: 'service.status_changed', data: { from: 'UP', to: 'DOWN' } },
    ],
    ['at another port', painter, { ...painter, port: 2, status: 'DOWN' }, { type: 'service.registered' }],
    ['in another zone', painter, { ...painter, metadata: { zone: 'b', rack: '1' } }, { type: 'service.registered' }],
    ['that only renewed itself', painter, { ...painter, lastUpdateTime: 2 }, undefined],
    ['with another load', painter, { ...painter, capacity: { maxConcurrentRequests: 10, currentLoad: 7 } }, undefined],
    ['whose lists are in another order', painter, { ...painter, features: ['ink', 'oil'] }, undefined],
    ['whose metadata are in another order', painter, { ...painter, metadata: { rack: '1', zone: 'a' } }, undefined],
  ])('%s', (_, logged, found, event) => {
    const told = serviceDifference(logged, found);
    if (event === undefined) expect(told).toBeUndefined();
    else expect(told).toMatchObject(event);
  });
});
