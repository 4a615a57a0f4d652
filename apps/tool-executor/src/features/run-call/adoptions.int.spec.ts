import {
  adoptionQueue,
  executorInbox,
  newId,
  type AdoptRequest,
  type EventData,
  type ExecutePart,
  type ExecuteReply,
  type ParkedRequest,
} from '@signalbox/contracts';
import { nodeTarget } from '@signalbox/testing/mcp-servers';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definition, Harness, until } from '../../../test/harness.js';

const SCRIPT = join(import.meta.dirname, '../../../test/questioning-server.mjs');
const EXECUTOR = 'tool-executor-1';
const INBOX = executorInbox(EXECUTOR);
const client = { protocolVersion: '2026-07-28', capabilities: { elicitation: {} } };
const ACCEPTED = { action: 'accept', content: { name: 'ada' } };
const answered = (reply: ExecuteReply): unknown =>
  reply.ok ? JSON.parse((reply.result as { content: { text: string }[] }).content[0]!.text) : reply.error;

let executor: Harness;
beforeAll(async () => {
  executor = await Harness.start([definition('questioning', nodeTarget(SCRIPT))]);
});
afterAll(() => executor.stop());

/** A call whose server asks the client twice. */
function callTwice(task?: { hasOwnDeadline: boolean; passInputUntil: number; recordsQuestions: boolean }) {
  const callId = newId();
  const parts: ExecutePart[] = [];
  const reply = executor.send(
    {
      ...{ requestId: callId, server: 'questioning', method: 'tools/call', params: { name: 'twice' } },
      call: {
        ...{ callId, attempt: 1, tool: 'twice', safetyClass: 'unsafe', requestedAt: Date.now() },
        ...(task ? { task } : {}),
      },
    },
    { client, onPart: (part) => parts.push(part) },
  );
  return { callId, parts, reply };
}
const questionsIn = (parts: ExecutePart[]) => parts.filter((part) => part.kind === 'request');
const answer = (requestId: string, id: string) =>
  executor.answer(INBOX, { kind: 'response', requestId, id, result: ACCEPTED });

describe('a request whose gateway is gone', () => {
  /** Comes for a request as a gateway does. */
  const adopt = (body: AdoptRequest, parts: ExecutePart[] = []) =>
    executor.ports.bus.request(
      adoptionQueue(EXECUTOR),
      { id: newId(), type: 'adopt', body },
      { deadline: Date.now() + 20_000, onPart: (part) => parts.push(part as ExecutePart) },
    ) as Promise<ExecuteReply>;

  it('goes on where its client is: what is open is asked there again, and the answer comes there', async () => {
    const { callId, parts, reply } = callTwice();
    await until(() => expect(questionsIn(parts)).toHaveLength(1));
    const { id } = questionsIn(parts)[0]!;
    const wanted = { requestId: callId, state: 'the state', principal: 'tester', digest: 'd' };
    const parked: ParkedRequest = {
      ...{ kind: 'parked', requestId: callId, principal: 'tester', digest: 'd' },
      stateHash: createHash('sha256').update('the state').digest('hex'),
      expires: Date.now() + 60_000,
      keys: { [id]: 'input-7' },
    };
    const refused = { ok: false, error: { code: -32602 } };
    // nobody was given a state yet
    expect(await adopt(wanted)).toMatchObject(refused);
    await executor.answer(INBOX, parked);
    await until(async () => {
      expect(await adopt({ ...wanted, digest: 'another' })).toMatchObject({
        error: { message: expect.stringMatching(/for this request$/) },
      });
    });
    expect(await adopt({ ...wanted, state: 'another' })).toMatchObject(refused);
    expect(await adopt({ ...wanted, principal: 'mallory' })).toMatchObject(refused);

    const here: ExecutePart[] = [];
    const outcome = adopt(wanted, here);
    await until(() => expect(questionsIn(here)).toHaveLength(1));
    expect(here).toEqual([
      { kind: 'request', id, inbox: INBOX, key: 'input-7', method: 'elicitation/create', params: expect.any(Object) },
    ]);
    expect(await adopt(wanted)).toMatchObject(refused);
    await answer(callId, id);
    await until(() => expect(questionsIn(here)).toHaveLength(2));
    expect(questionsIn(parts)).toHaveLength(1);
    await answer(callId, questionsIn(here)[1]!.id);
    expect(answered(await outcome)).toEqual(ACCEPTED);
    expect(answered(await reply)).toEqual(ACCEPTED);
    expect(await executor.events({ correlationId: callId, type: 'tool.call.started' })).toHaveLength(1);
    expect(await adopt(wanted)).toMatchObject({ error: { message: expect.stringContaining('has ended') } });
  });
});

describe('a call that has become a task', () => {
  it('has what its server asks from then on in the log', async () => {
    const { callId, parts, reply } = callTwice({ hasOwnDeadline: true, passInputUntil: 0, recordsQuestions: false });
    await until(() => expect(questionsIn(parts)).toHaveLength(1));
    // over the same queue as the answer, so that it comes first
    await executor.answer(INBOX, { kind: 'record-questions', requestId: callId });
    await answer(callId, questionsIn(parts)[0]!.id);
    const asked = () => executor.events({ correlationId: callId, type: 'task.input_requested' });
    await until(async () => expect(await asked()).toHaveLength(1));
    const [{ data }] = (await asked()) as unknown as [{ data: EventData<'task.input_requested'> }];
    expect(data).toMatchObject({ method: 'elicitation/create', inbox: INBOX });
    expect(questionsIn(parts)).toHaveLength(1);
    await answer(callId, data.question);
    expect(answered(await reply)).toEqual(ACCEPTED);
  });
});
