import type { SafetyClass } from '@signalbox/contracts';
import { UpstreamClosedError, UpstreamProtocolError } from '@signalbox/mcp';
import { describe, expect, it } from 'vitest';
import { executorConfigSchema, type ExecutorConfig } from '../../config.js';
import type { BalancedPool } from '../balancing/balanced-pool.js';
import { ServerClosedError } from '../connections/server-closed-error.js';
import { RetryBudget } from '../recover-calls/retry-budget.js';
import { Resending } from './resending.js';
import type { RunningRequest } from './running-request.js';

const config = executorConfigSchema.parse({}) as ExecutorConfig;
const alone = { balanced: undefined, closedFor: undefined };
const among = {
  balanced: { hasOneUp: true, instances: [{}, {}, {}] } as unknown as BalancedPool,
  closedFor: undefined,
};
const request = (safetyClass: SafetyClass, rest: object = {}) =>
  ({ command: { call: { safetyClass } }, deadline: Date.now() + 60_000, ...rest }) as unknown as RunningRequest;
const after = (
  error: Error,
  safetyClass: SafetyClass,
  { tries = 0, server = alone as typeof alone | typeof among, rest = {} } = {},
) => new Resending(config, new RetryBudget(config)).after(error, tries, server, request(safetyClass, rest));

const unsent = new UpstreamClosedError('connect ECONNREFUSED', false);
const lost = new UpstreamClosedError('killed', true);
const classes: SafetyClass[] = ['read', 'idempotent', 'keyed', 'unsafe'];

describe('what no server can have seen', () => {
  it.each(classes)('is sent again when it is %s', async (safetyClass) => {
    expect(await after(unsent, safetyClass)).toBe(50);
    // to each of the other instances at once
    expect(await after(unsent, safetyClass, { server: among })).toBe(0);
    expect(await after(unsent, safetyClass, { server: among, tries: 2 })).toBe(50);
  });

  it('is sent three times at most to the same place, and never after its deadline', async () => {
    expect(await after(unsent, 'unsafe', { tries: 2 })).toBeUndefined();
    expect(await after(unsent, 'unsafe', { rest: { deadline: Date.now() - 1 } })).toBeUndefined();
  });
});

describe('what was lost on its way', () => {
  it.each(classes)('is sent again unless it is unsafe: %s', async (safetyClass) => {
    const expected = safetyClass === 'unsafe' ? undefined : 0;
    expect(await after(lost, safetyClass)).toBe(expected);
    expect(await after(lost, safetyClass, { server: among })).toBe(expected);
  });

  it('is sent three times at most', async () => {
    expect(await after(lost, 'read', { tries: 1 })).toBe(0);
    expect(await after(lost, 'read', { tries: 2 })).toBeUndefined();
  });

  it('is not sent again when nobody wants it, or the server takes nothing more', async () => {
    expect(await after(lost, 'read', { rest: { cancelled: 'enough' } })).toBeUndefined();
    const closedFor = new ServerClosedError('s', 'was removed', false);
    expect(await after(lost, 'read', { server: { ...alone, closedFor } as never })).toBeUndefined();
  });
});

it('an answer of 5xx is tried at another instance, and is the answer where there is none', async () => {
  const fault = new UpstreamProtocolError('503', 503);
  expect(await after(fault, 'read', { server: among })).toBe(0);
  expect(await after(fault, 'unsafe', { server: among })).toBeUndefined();
  expect(await after(fault, 'read')).toBeUndefined();
});
