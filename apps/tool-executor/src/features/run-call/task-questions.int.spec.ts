import { newId, type EventData, type ExecutePart, type ExecuteReply } from '@signalbox/contracts';
import { nodeTarget } from '@signalbox/testing/mcp-servers';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definition, Harness, until } from '../../../test/harness.js';

const SCRIPT = join(import.meta.dirname, '../../../test/questioning-server.mjs');
const client = { protocolVersion: '2026-07-28', capabilities: { elicitation: {} } };
const answered = (reply: ExecuteReply): unknown =>
  reply.ok ? JSON.parse((reply.result as { content: { text: string }[] }).content[0]!.text) : reply.error;

describe('what a server asks in the course of a task', () => {
  let executor: Harness;
  const parts: ExecutePart[] = [];

  beforeAll(async () => {
    executor = await Harness.start([definition('questioning', nodeTarget(SCRIPT))]);
  });
  afterAll(() => executor.stop());

  function call(tool: string): { callId: string; reply: Promise<ExecuteReply> } {
    const callId = newId();
    const task = { hasOwnDeadline: true, passInputUntil: 0, recordsQuestions: true };
    const command = {
      ...{ requestId: callId, server: 'questioning', method: 'tools/call', params: { name: tool } },
      call: { callId, attempt: 1, tool, safetyClass: 'unsafe' as const, requestedAt: Date.now(), task },
    };
    return { callId, reply: executor.send(command, { client, onPart: (part) => parts.push(part) }) };
  }
  const asked = async (callId: string) =>
    (await executor.events({ correlationId: callId, type: 'task.input_requested' })).map(
      ({ data }) => data as EventData<'task.input_requested'>,
    );

  it('is in the log, without anybody there, and answered by whoever comes', async () => {
    const { callId, reply } = call('elicit');
    await until(async () => expect(await asked(callId)).toHaveLength(1));
    const [{ key, method, params, inbox, question }] = (await asked(callId)) as [EventData<'task.input_requested'>];
    expect([method, params]).toEqual(['elicitation/create', expect.objectContaining({ message: 'first' })]);
    expect(key).toBe(`input-1-${question}`);
    const result = { action: 'accept', content: { name: 'ada' } };
    await executor.answer(inbox, { kind: 'response', requestId: callId, id: question, result });
    expect(answered(await reply)).toEqual(result);
    expect(parts).toEqual([]);
  });

  it('is closed in the log when the server withdraws it', async () => {
    const { callId, reply } = call('withdraw');
    await until(async () => expect(await asked(callId)).toHaveLength(2));
    const [first, second] = await asked(callId);
    const closed = () => executor.events({ correlationId: callId, type: 'task.input_closed' });
    await until(async () => expect(await closed()).toHaveLength(1));
    expect((await closed())[0]!.data).toEqual({ callId, key: first!.key, reason: 'withdrawn' });
    const result = { action: 'decline' };
    await executor.answer(second!.inbox, { kind: 'response', requestId: callId, id: second!.question, result });
    expect(answered(await reply)).toEqual(result);
  });

  it('is refused at once when the client cannot be asked that, and pings are answered', async () => {
    const { callId, reply } = call('sample');
    expect(answered(await reply)).toMatchObject({ code: -32601, message: expect.stringContaining('sampling') });
    expect(await asked(callId)).toEqual([]);
    expect(answered(await call('ping').reply)).toEqual({});
  });
});
