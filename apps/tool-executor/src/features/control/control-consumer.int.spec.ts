import { newId, type ExecutorControl } from '@signalbox/contracts';
import { packagedServer } from '@signalbox/testing/mcp-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definition, Harness } from '../../../test/harness.js';

describe('what gateways tell all executors', () => {
  let executor: Harness;
  beforeAll(async () => {
    executor = await Harness.start([definition('everything', packagedServer('server-everything'))]);
  });
  afterAll(() => executor?.stop());

  it('cancels a call whose command it overtook, before anything is sent to the server', async () => {
    const callId = newId();
    await executor.control({ kind: 'cancel', requestId: callId, reason: 'changed my mind' });
    const reply = await executor.call('everything', 'echo', { message: 'x' }, { callId });
    expect(reply).toMatchObject({ ok: false, error: { message: 'cancelled: changed my mind' } });
    const types = (await executor.events({ correlationId: callId })).map(({ type }) => type);
    expect(types.at(-1)).toBe('tool.call.cancelled');
    expect(types).not.toContain('tool.call.completed');
  });

  it.each<ExecutorControl>([
    { kind: 'cancel', requestId: 'somebody-elses' },
    { kind: 'response', requestId: 'somebody-elses', id: 'reverse-999', result: {} },
    { kind: 'notify', sessionId: 'somebody-elses', method: 'notifications/roots/list_changed' },
    { kind: 'session-closed', sessionId: 'somebody-elses' },
  ])('leaves what it does not hold to others: $kind', async (control) => {
    await executor.control(control);
    expect(await executor.call('everything', 'echo', { message: 'still here' })).toMatchObject({
      ok: true,
      result: { content: [{ text: 'Echo: still here' }] },
    });
    expect(await executor.ports.bus.deadLetters()).toMatchObject([]);
  });
});
