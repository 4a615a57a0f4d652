import type { EventData } from '@signalbox/contracts';
import { recorded } from '@signalbox/testing';
import { expect, it } from 'vitest';
import type { Requested } from './open-calls.js';
import { rebuildCommand } from './rebuild-command.js';

const requested = (more: Partial<EventData<'tool.call.requested'>> = {}): Requested =>
  recorded(
    'tool.call.requested',
    {
      callId: '01K8',
      server: 's',
      tool: 't',
      calledAs: 's__t',
      safetyClass: 'read',
      arguments: { path: '/x' },
      principal: 'anna',
      via: 'rest',
      deadline: new Date(60_000).toISOString(),
      ...more,
    },
    { actor: 'gateway-2', time: new Date(1_000).toISOString() },
  ) as Requested;

it('is the command that the gateway sent', () => {
  expect(rebuildCommand(requested(), 2, '[redacted]')).toMatchObject({
    requestId: '01K8',
    server: 's',
    method: 'tools/call',
    params: { name: 't', arguments: { path: '/x' } },
    client: { principal: 'anna', gateway: 'gateway-2' },
    deadline: 60_000,
    call: { callId: '01K8', attempt: 2, tool: 't', safetyClass: 'read', requestedAt: 1_000 },
  });
});

it.each([
  ['redacted arguments', { arguments: { auth: { password: '[redacted]' } } }],
  ['arguments in the blob store', { arguments: { $blob: { sha256: 'a'.repeat(64), bytes: 9 } } }],
  ['a session', { sessionId: 'x' }],
])('is not made from %s', (_, more) => {
  expect(rebuildCommand(requested(more), 1, '[redacted]')).toBeUndefined();
});
