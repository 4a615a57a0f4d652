import { newId, type ExecutePart, type ExecuteReply } from '@signalbox/contracts';
import { nodeTarget, packagedServer } from '@signalbox/testing/mcp-servers';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definition, Harness, until } from '../../../test/harness.js';

const TOOL = 'simulate-research-query';

describe('a tool that wants to be called as a task of its server', () => {
  let executor: Harness;

  beforeAll(async () => {
    executor = await Harness.start([
      definition('everything', packagedServer('server-everything')),
      definition('endless', nodeTarget(join(import.meta.dirname, '../../../test/questioning-server.mjs'))),
    ]);
  });
  afterAll(() => executor.stop());

  function call(args: object, parts: ExecutePart[] = [], asServerTask = true) {
    const callId = newId();
    const call = { callId, attempt: 1, tool: TOOL, safetyClass: 'unsafe' as const, requestedAt: Date.now() };
    const params = { name: TOOL, arguments: args };
    const reply: Promise<ExecuteReply> = executor.send(
      {
        ...{ requestId: callId, server: 'everything', method: 'tools/call', params },
        call: { ...call, ...(asServerTask ? { asServerTask } : {}) },
      },
      {
        deadlineMs: 60_000,
        client: { sessionId: 's', capabilities: { elicitation: {} } },
        onPart: (part) => parts.push(part),
      },
    );
    return { callId, reply };
  }
  const textOf = (reply: ExecuteReply) =>
    reply.ok ? (reply.result as { content: { text: string }[] }).content[0]!.text : `error: ${reply.error.message}`;

  it('is called as one, waited for, and recorded like any other call', { timeout: 90_000 }, async () => {
    const { callId, reply } = call({ topic: 'railways' });
    expect(textOf(await reply)).toContain('railways');
    const events = await executor.events({ correlationId: callId });
    expect(events.map(({ type }) => type)).toEqual(['tool.call.started', 'tool.call.completed']);
  });

  it('may ask in the course of it', { timeout: 90_000 }, async () => {
    const parts: ExecutePart[] = [];
    const { callId, reply } = call({ topic: 'python', ambiguous: true }, parts);
    const question = await until(() => {
      const found = parts.find(({ kind }) => kind === 'request') as
        Extract<ExecutePart, { kind: 'request' }> | undefined;
      expect(found).toBeDefined();
      return found!;
    });
    expect(question.method).toBe('elicitation/create');
    const result = { action: 'accept', content: { interpretation: 'programming' } };
    await executor.answer(question.inbox, { kind: 'response', requestId: callId, id: question.id, result });
    expect(textOf(await reply)).toContain('python');
  });

  it('is cancelled at its server when its client cancels it, having told its progress', async () => {
    const callId = newId();
    const parts: ExecutePart[] = [];
    const call = { callId, attempt: 1, tool: 'elicit', safetyClass: 'unsafe' as const, requestedAt: Date.now() };
    const params = { name: 'elicit', _meta: { progressToken: callId } };
    const reply = executor.send(
      { requestId: callId, server: 'endless', method: 'tools/call', params, call: { ...call, asServerTask: true } },
      { deadlineMs: 60_000, onPart: (part) => parts.push(part) },
    );
    await until(() => expect(parts).toMatchObject([{ method: 'notifications/progress', params: { progress: 1 } }]));
    await executor.control({ kind: 'cancel', requestId: callId, reason: 'enough' });
    expect(await reply).toMatchObject({ ok: false, error: { message: expect.stringContaining('enough') } });
    await until(async () => {
      const { result } = (await executor.call('endless', 'cancelled')) as { result: { content: { text: string }[] } };
      expect(JSON.parse(result.content[0]!.text)).toEqual([expect.stringMatching(/^task-/)]);
    });
  });

  it('is refused by its server where it is called otherwise', async () => {
    expect(await call({ topic: 'railways' }, [], false).reply).toMatchObject({ ok: true, result: { isError: true } });
  });
});
