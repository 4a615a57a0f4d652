import { CancelledError, DeadlineError, UpstreamClosedError, UpstreamProtocolError } from '@signalbox/mcp';
import { describe, expect, it } from 'vitest';
import { PoolExhaustedError } from '../pools/slot.js';
import { failureOf } from './failure.js';

describe('failureOf', () => {
  it.each([
    ['cancelled', new CancelledError('user'), 'read', false],
    ['expired', new DeadlineError('late'), 'read', false],
    ['failed', new UpstreamClosedError('refused', false), 'unsafe', true],
    ['lost', new UpstreamClosedError('died', true), 'unsafe', false],
    ['lost', new UpstreamClosedError('died', true), 'idempotent', true],
    ['lost', new UpstreamClosedError('died', true), 'keyed', true],
    ['failed', new PoolExhaustedError('full'), 'unsafe', true],
    ['failed', new UpstreamProtocolError('HTTP 502', 502), 'read', false],
    ['failed', new Error('bug'), 'read', false],
  ] as const)('%s: %s of a tool that is %s', (kind, cause, safetyClass, retryable) => {
    expect(failureOf(cause, 'srv', safetyClass)).toMatchObject({
      kind,
      retryable,
      error: { code: expect.any(Number), message: expect.stringContaining(cause.message) },
    });
  });
});
