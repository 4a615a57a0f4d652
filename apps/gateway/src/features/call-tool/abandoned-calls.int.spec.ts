import { createEvent, newId, pinnedStream, type NewEvent } from '@signalbox/contracts';
import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import { waitFor } from '@signalbox/testing';
import { expect, it } from 'vitest';
import { startGateway } from '../../../test/gateway-under-test.js';

it('calls that an earlier run left without anyone to run them are ended, those that were claimed are not', async () => {
  const ports = await createEmbeddedPorts({ dataDir: ':memory:' });
  const append = (stream: string, event: NewEvent, callId: string, claims?: string[]): Promise<unknown> =>
    ports.events.append({
      stream,
      expectedVersion: 'any',
      events: [event],
      commitId: newId(),
      ...(claims ? { claims } : {}),
      metadata: { actor: 'gateway-1', correlationId: callId },
    });
  const [lost, claimed] = [newId(), newId()];
  for (const callId of [lost, claimed]) {
    const requested = createEvent('tool.call.requested', {
      callId,
      server: 's',
      tool: 't',
      calledAs: 's__t',
      safetyClass: 'unsafe',
      arguments: {},
      principal: 'anonymous',
      via: 'mcp',
      deadline: new Date().toISOString(),
    });
    await append(pinnedStream('call', 'gateway-1', callId), requested, callId);
  }
  const start = { callId: claimed, attempt: 1, server: 's', tool: 't', executor: 'tool-executor-1', waitedMs: 0 };
  const stream = pinnedStream('attempt', 'tool-executor-1', `${claimed}.1`);
  await append(stream, createEvent('tool.call.started', start), claimed, [`attempt:${claimed}:1`]);

  const gateway = await startGateway({ ports });
  await waitFor(async () => (await gateway.events('tool.call.failed')).length > 0);
  const ended = await gateway.events('tool.call.failed');
  expect(ended.map(({ correlationId }) => correlationId)).toEqual([lost]);
  expect(ended[0]).toMatchObject({ stream: pinnedStream('call', 'gateway-1', lost), data: { retryable: true } });
  await gateway.stop();
});
