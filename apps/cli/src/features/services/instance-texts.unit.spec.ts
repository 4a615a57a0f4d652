import type { ServiceInstance } from '@signalbox/contracts';
import { expect, it } from 'vitest';
import { changesBetween } from './instance-texts.js';

const NOW = new Date('2026-01-01T00:00:00.000Z');
const instance = (id: string, status: ServiceInstance['status']) =>
  ({ id, host: '127.0.0.1', port: 3000, status }) as ServiceInstance;

it('says what came, changed and went, and nothing of what stayed', () => {
  const before = [instance('a', 'UP'), instance('b', 'UP'), instance('c', 'UP')];
  const after = [instance('a', 'UP'), instance('b', 'DOWN'), instance('d', 'STARTING')];
  expect(changesBetween(before, after, NOW)).toEqual([
    '2026-01-01T00:00:00.000Z  b  127.0.0.1:3000  UP → DOWN',
    '2026-01-01T00:00:00.000Z  d  127.0.0.1:3000  STARTING',
    '2026-01-01T00:00:00.000Z  c  127.0.0.1:3000  gone',
  ]);
  expect(changesBetween(after, after, NOW)).toEqual([]);
});

it('says so when there is none', () => {
  expect(changesBetween(undefined, [], NOW)).toEqual(['2026-01-01T00:00:00.000Z  no instances']);
});
